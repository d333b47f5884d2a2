"""Typed services: what is installed, as gRPC services with messages of their own.

    TypeInfo, AppManifest  --type_contract, app_contract-->  Contract without numbers
    Contract, what is stored  --numbering, compatibility-->  Contract with numbers, its major
    Contract  --descriptors-->  FileDescriptorProto  --pool-->  classes  --reader, writer-->  JSON

Everything up to the descriptors is pure. `publisher` stores contracts (`system/contracts.py`) and
shows them in the `directory`, which answers calls and reflection.
"""
