package task_test

import (
	"strings"
	"testing"
	"time"

	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/task"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// TestBuildErrors draws what cannot be: Build says where and what to do.
func TestBuildErrors(t *testing.T) {
	t.Parallel()
	type hidden struct{ a int }
	for _, tt := range []struct {
		name string
		draw func(b *topology.Builder)
		want string
	}{
		{"a name that names no topic", func(b *topology.Builder) {
			task.External(stream.From(b, texts), task.Define[string, int64]("a b"), task.Options{})
		}, `the name "a b" cannot name topics`},
		{"no name", func(b *topology.Builder) {
			task.External(stream.From(b, texts), task.Task[string, int64]{}, task.Options{})
		}, `the name "" cannot name topics`},
		{"a request without a serde", func(b *topology.Builder) {
			hide := stream.From(b, texts).MapValues(func(string) hidden { return hidden{a: 1} })
			task.External(hide, task.Define[hidden, int64]("hidden"), task.Options{})
		}, "hidden: no serde for requests"},
		{"a result without a serde", func(b *topology.Builder) {
			task.External(stream.From(b, texts), task.Define[string, func()]("hidden"), task.Options{})
		}, "hidden: no serde for results"},
		{"negative attempts", func(b *topology.Builder) {
			task.External(stream.From(b, texts), length, task.Options{Attempts: -1})
		}, "-1 attempts"},
		{"a time-out of microseconds", func(b *topology.Builder) {
			task.External(stream.From(b, texts), length, task.Options{StartToClose: time.Microsecond})
		}, "StartToClose is 1µs"},
		{"a longest wait that is shorter", func(b *topology.Builder) {
			task.External(stream.From(b, texts), length, task.Options{Backoff: time.Minute, MaxBackoff: time.Second})
		}, "shorter than Backoff"},
		{"a task that is used twice", func(b *topology.Builder) {
			s := stream.From(b, texts)
			task.External(s, length, task.Options{})
			task.External(s, length, task.Options{}, topology.As("other"))
		}, `"length" is used at build_test.go`},
		{"a name that is taken", func(b *topology.Builder) {
			s := stream.From(b, texts)
			s.GroupByKey().Count(topology.As("length"))
			task.External(s, length, task.Options{})
		}, `"length"`},
		{"a serde of keys that is none for them", func(b *topology.Builder) {
			task.External(stream.From(b, texts), length, task.Options{}, topology.WithKeySerde(serde.Int64()))
		}, "the key serde given"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := topology.New("errors")
			tt.draw(b)
			_, err := b.Build()
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "build_test.go:") {
				t.Errorf("Build: %v; want it to say %q and where", err, tt.want)
			}
		})
	}
}

// recorder takes the place of a test that must fail.
type recorder struct {
	testing.TB
	failed string
}

func (r *recorder) Helper()        {}
func (r *recorder) Cleanup(func()) {}
func (r *recorder) Fatalf(format string, args ...any) {
	for _, a := range args {
		if err, ok := a.(error); ok {
			r.failed += err.Error()
		}
	}
}

// TestPartitionCounts has topics that do not fit together.
func TestPartitionCounts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		topic string
		want  string
	}{
		{"fewer requests", length.InputTopic(), "topic task-length-input has 2 partitions and task-length-output has 4"},
		{"fewer results", length.OutputTopic(), `"task-length-output" has 2`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := topology.New("partitions")
			task.External(stream.From(b, texts), length, task.Options{}).To(lengths)
			rec := &recorder{}
			testkit.New(rec, topology.Must(b.Build()), testkit.Partitions(4), testkit.TopicPartitions(tt.topic, 2))
			if !strings.Contains(rec.failed, tt.want) {
				t.Errorf("the error is %q, without %q", rec.failed, tt.want)
			}
		})
	}
}
