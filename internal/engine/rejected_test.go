package engine_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

var errBroker = errors.New("the broker is gone")

// tooLarge takes no "large" value for the topic out, and breaks at "lost".
func tooLarge(e *graph.Effect) error {
	if e.Topic.Name != "out" {
		return nil
	}
	switch string(e.Value) {
	case "large":
		return &graph.RejectedError{Err: errors.New("too large")}
	case "lost":
		return errBroker
	}
	return nil
}

// What the log will not take makes a dead letter of its source, as that came: with the time that it carried, and of what was held
// back the held one and not the one that let it go.
func TestRejected(t *testing.T) {
	t.Parallel()
	later := topology.Extractor(func(_, _ string, record, _ int64) int64 { return record + 100 })
	b := topology.New("plain")
	stream.From(b, left, later).To(out)
	for name, tc := range map[string]struct {
		b    *topology.Builder
		in   []string
		want []string
		skip string
	}{
		"by itself": {b, []string{"a small 1", "b large 2"}, []string{"out[0] a=small@101", "dead[-1] b=large@2"}, "source: too large at left/0/1"},
		"held back": {holding(), []string{"b large 2", "c good 13"}, []string{"dead[-1] b=large@2"}, "source: too large at left/0/0"},
	} {
		r := newRig(t, tc.b, engine.Config{DeadLetters: "dead", OnProduce: func(*engine.RecordError) engine.Verdict { return engine.Divert }})
		r.refuse = tooLarge
		r.Add("left", keyed(0, tc.in...)...)
		r.process()
		if diff := cmp.Diff(tc.want, r.take()); diff != "" {
			t.Errorf("%s: effects (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff([]string{tc.skip}, r.skip); diff != "" {
			t.Errorf("%s: skips (-want +got):\n%s", name, diff)
		}
	}
}

// A failure beneath the operators that a callback has swallowed is not forgotten because the log then refuses a record.
func TestRejectedAfterAFault(t *testing.T) {
	t.Parallel()
	b := topology.New("swallowing")
	stream.From(b, left).Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
		return func(r stream.Record[string, string]) error {
			for _, v := range []string{"lost", "large"} {
				r.Value = v
				_ = c.Forward(r)
			}
			return nil
		}, nil
	}).To(out)
	r := newRig(t, b, engine.Config{OnProduce: ignore})
	r.refuse = tooLarge
	r.Add("left", keyed(0, "a x 1")...)
	if _, err := r.Process(1); !errors.Is(err, errBroker) {
		t.Errorf("Process: %v, want that %v", err, errBroker)
	}
}
