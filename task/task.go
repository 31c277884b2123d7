package task

import (
	"fmt"
	"regexp"

	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/topology"
)

// Task states once what goes out and what comes back; topology and worker share it.
type Task[In, Out any] struct {
	// Name names the task's topics, and the operator and its stores unless topology.As does.
	Name string
	// Request and Result are the serdes of what goes out and what comes back. Nil: the stock ones (serde.For).
	Request serde.Serde[In]
	Result  serde.Serde[Out]
}

// Define is a task with the stock serdes of In and Out.
func Define[In, Out any](name string) Task[In, Out] { return Task[In, Out]{Name: name} }

// InputTopic is the name of the topic of requests.
func (t Task[In, Out]) InputTopic() string { return "task-" + t.Name + "-input" }

// OutputTopic is the name of the topic of results.
func (t Task[In, Out]) OutputTopic() string { return "task-" + t.Name + "-output" }

// DeadTopic is the name of the topic of requests that were given up.
func (t Task[In, Out]) DeadTopic() string { return "task-" + t.Name + "-dead" }

// Topics are the task's topics: requests, results, dead letters. They are to be created before the application and the
// workers start; the first two with as many partitions as the stream that feeds the task has.
func (t Task[In, Out]) Topics() []string {
	return []string{t.InputTopic(), t.OutputTopic(), t.DeadTopic()}
}

// Requests is the topic of requests as a topology or a test reads it, with the entities' keys as K.
func (t Task[In, Out]) Requests[K any]() topology.Topic[K, Request[In]] {
	return topology.Topic[K, Request[In]]{Name: t.InputTopic(), Value: requestSerde[In]{orStock(t.Request)}}
}

// Results is the topic of results as a test writes it: see [Request.Done].
func (t Task[In, Out]) Results[K any]() topology.Topic[K, Result[Out]] {
	return topology.Topic[K, Result[Out]]{Name: t.OutputTopic(), Value: resultSerde[Out]{orStock(t.Result)}}
}

// DeadLetters is the topic of requests that were given up. A topology may read it, also the one that writes it: to tell of
// entities that stay incomplete.
func (t Task[In, Out]) DeadLetters[K any]() topology.Topic[K, Dead[In]] {
	return topology.Topic[K, Dead[In]]{Name: t.DeadTopic(), Value: deadSerde[In]{orStock(t.Request)}}
}

// legal leaves room for the topic's prefix and suffix in Kafka's 249 characters.
var legal = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,230}$`)

func (t Task[In, Out]) check() error {
	if !legal.MatchString(t.Name) {
		return fmt.Errorf("task: the name %q cannot name topics: use up to 230 letters, digits, '.', '_' and '-'", t.Name)
	}
	if err := serde.Err(orStock(t.Request)); err != nil {
		return fmt.Errorf("task: %s: no serde for requests: %w", t.Name, err)
	}
	if err := serde.Err(orStock(t.Result)); err != nil {
		return fmt.Errorf("task: %s: no serde for results: %w", t.Name, err)
	}
	return nil
}

// orStock is s, or the stock serde; one that cannot be had fails at its use, and tells before through serde.Err.
func orStock[T any](s serde.Serde[T]) serde.Serde[T] {
	if s != nil {
		return s
	}
	stock, err := serde.For[T]()
	if err != nil {
		return missing[T]{err}
	}
	return stock
}

type missing[T any] struct{ err error }

func (m missing[T]) Err() error                             { return m.err }
func (m missing[T]) Append(dst []byte, _ T) ([]byte, error) { return dst, m.err }
func (m missing[T]) Decode([]byte) (v T, err error)         { return v, m.err }
