# One image for every role: docker run IMAGE dev, docker run IMAGE build SPEC, ...
FROM debian:bookworm-slim

RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 python3-pip git libseccomp2 ca-certificates \
 && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home --uid 10001 aidevos
COPY --chown=aidevos:aidevos . /opt/aidevos
USER aidevos
WORKDIR /opt/aidevos
RUN bin/install runtime

VOLUME /opt/aidevos/.aidevos/data
EXPOSE 8080 8081 50051
ENTRYPOINT ["/opt/aidevos/bin/aidevos"]
CMD ["dev"]
