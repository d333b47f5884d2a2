// Calls typed services through stubs that were made from exported .proto files, and prints what
// came of each call, one JSON object a line. The test judges; this only tells.
package main

import (
	"context"
	"encoding/json"
	"os"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	counter "aidevos.test/typed/counter/v1"
	todo "aidevos.test/typed/todo/v1"
)

type told map[string]any

func tell(what string, facts told) {
	facts["what"] = what
	if err := json.NewEncoder(os.Stdout).Encode(facts); err != nil {
		panic(err)
	}
}

func need[T any](value T, err error) T {
	if err != nil {
		tell("failed", told{"error": err.Error()})
		os.Exit(1)
	}
	return value
}

func refusal(err error) told {
	found := told{"code": status.Code(err).String()}
	for _, detail := range status.Convert(err).Details() {
		switch known := detail.(type) {
		case *errdetails.ErrorInfo:
			found["reason"] = known.Reason
		case *errdetails.BadRequest:
			found["field"] = known.FieldViolations[0].Field
		}
	}
	return found
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	transport := grpc.WithTransportCredentials(insecure.NewCredentials())
	connection := need(grpc.NewClient(os.Args[1], transport))
	for _, what := range os.Args[2:] {
		switch what {
		case "counters":
			counters(ctx, counter.NewCounterServiceClient(connection))
		case "todos":
			todos(ctx, todo.NewTodoServiceClient(connection))
		}
	}
}

func counters(ctx context.Context, client counter.CounterServiceClient) {
	key := "go"
	added := need(client.Add(ctx, &counter.AddRequest{Key: key, N: proto.Int64(2)}))
	tell("added", told{"result": added.GetResult(), "version": added.GetVersion()})
	_, err := client.Add(ctx, &counter.AddRequest{Key: key, N: proto.Int64(0)})
	tell("refused", refusal(err))
	fresh := need(client.Total(ctx, &counter.TotalRequest{Key: "fresh"}))
	tell("zero", told{"set": fresh.Result != nil, "result": fresh.GetResult()})
	watching := need(client.WatchTotal(ctx, &counter.TotalRequest{Key: key}))
	before := need(watching.Recv())
	need(client.Add(ctx, &counter.AddRequest{Key: key}))
	after := need(watching.Recv())
	tell("watched", told{"before": before.GetResult(), "after": after.GetResult()})
}

func todos(ctx context.Context, client todo.TodoServiceClient) {
	made := need(client.AddTodo(ctx, &todo.AddTodoRequest{
		Title: proto.String("Buy milk"), Order: proto.Int64(3),
	})).Result
	tell("made", told{"title": made.GetTitle(), "completed": made.Completed != nil})
	cleared := need(client.ChangeTodo(ctx, &todo.ChangeTodoRequest{
		Id: made.GetId(), Completed: proto.Bool(true), Clear: []string{"order"},
	})).Result
	tell("cleared", told{"order": cleared.Order != nil, "completed": cleared.GetCompleted()})
	_, err := client.AddTodo(ctx, &todo.AddTodoRequest{Title: proto.String("")})
	tell("refused", refusal(err))
	watching := need(client.WatchTodo(ctx, &todo.ShowTodoRequest{Id: made.GetId()}))
	need(watching.Recv())
	need(client.DeleteTodo(ctx, &todo.DeleteTodoRequest{Id: made.GetId()}))
	_, err = watching.Recv()
	tell("ended", refusal(err))
	listed := need(client.ListTodos(ctx, &todo.ListTodosRequest{PageSize: proto.Int64(1)}))
	tell("listed", told{"count": len(listed.Results)})
}
