package operator_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/operator"
	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
)

type closed struct{ x int }

// What cannot work is an error of Build that names the call, and all of them come at once.
func TestBuildErrors(t *testing.T) {
	t.Parallel()
	rows := topology.NewTopic[string, string]("in")
	for _, row := range []struct {
		name string
		draw func(s *stream.Stream[string, string])
		want string
	}{
		{"a serde of another type", func(s *stream.Stream[string, string]) {
			s.Repartition(topology.As("x"), topology.WithKeySerde(serde.Int64()))
		}, "which is none for string"},
		{"a type without a serde", func(s *stream.Stream[string, string]) {
			s.MapValues(func(string) closed { return closed{x: 1} }).Repartition(topology.As("x"))
		}, "no value serde"},
		{"a nil callback", func(s *stream.Stream[string, string]) { s.Filter(nil) }, "the predicate is nil: give a function"},
		{"fewer partitions than none", func(s *stream.Stream[string, string]) {
			s.Repartition(topology.As("x"), topology.Partitions(-1))
		}, "-1 partitions: give a positive number"},
		{"a repartition topic made twice", func(s *stream.Stream[string, string]) {
			s.Repartition(topology.As("x"))
			s.Repartition(topology.As("x"))
		}, "give this one another name"},
		{"retention where nothing expires", func(s *stream.Stream[string, string]) {
			s.GroupByKey().Count(topology.As("x"), topology.Retention(time.Hour))
		}, "leave topology.Retention out"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := topology.New("errors")
			row.draw(stream.From(b, rows))
			_, err := b.Build()
			if err == nil || !strings.Contains(err.Error(), row.want) || !strings.Contains(err.Error(), "options_test.go:") {
				t.Errorf("got %v, want it to say %q and where", err, row.want)
			}
		})
	}
}

func TestExtractorOfOtherTypes(t *testing.T) {
	t.Parallel()
	b := topology.New("extractor")
	stream.From(b, topology.NewTopic[string, string]("in"), topology.Extractor(func(_ int64, _ string, at, _ int64) int64 { return at }))
	if _, err := b.Build(); err == nil || !strings.Contains(err.Error(), "timestamp extractor is a func(int64, string, int64, int64) int64") {
		t.Errorf("got %v", err)
	}
}

// An error keeps its cause through everything that says where it happened.
func TestErrorChain(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	node := &graph.Node{Name: "n", At: "x.go:1"}
	user := &graph.UserError{Node: node, Err: fmt.Errorf("wrapped: %w", cause)}
	for name, err := range map[string]error{
		"user":   user,
		"decode": &graph.DecodeError{Part: "key", Err: cause},
		"record": &engine.RecordError{Topic: "in", Node: node, Err: user},
		"replay": &engine.ReplayError{Record: &engine.RecordError{Topic: "in", Err: user}},
	} {
		if !errors.Is(err, cause) || !strings.Contains(err.Error(), "cause") {
			t.Errorf("%s: %v has lost its cause", name, err)
		}
	}
	if !operator.IsMarked(fmt.Errorf("again: %w", user)) || operator.IsMarked(cause) {
		t.Error("IsMarked does not tell an operator's error from another")
	}
}

// A store that emits on commit tells old values as of the last commit: a filter behind it deletes what it had let pass.
func TestEmitChangesOldValues(t *testing.T) {
	t.Parallel()
	b := topology.New("old")
	rows := table.From(b, topology.NewTopic[string, string]("in"), topology.As("rows"), topology.EmitOnCommit())
	long := rows.Filter(func(_, v string) bool { return len(v) > 1 })
	stream.Changes(long).To(topology.NewTopic[string, string]("out"))
	r := open(t, topology.Must(b.Build()), 0, engine.Config{})
	for _, step := range []struct {
		values []string // null: ""
		want   []string
	}{
		{[]string{"long", "x"}, nil},
		{[]string{"y", "long"}, []string{`"k"="long"`}},
		{[]string{"longer", "longest"}, []string{`"k"="longest"`}},
		{[]string{"z"}, []string{`"k"=null`}},
		{[]string{"", "long", ""}, nil},
	} {
		for _, v := range step.values {
			var b []byte
			if v != "" {
				b = []byte(v)
			}
			noError(t, r.pipe("in", []byte("k"), b))
		}
		if len(r.got) > 0 {
			t.Fatalf("%q: emitted before the commit: %v", step.values, r.got)
		}
		noError(t, r.Prepare())
		noError(t, r.Commit(nil))
		var got []string
		for _, e := range r.got {
			if e.Topic.Role == graph.UserTopic {
				got = append(got, text(e.Key)+"="+text(e.Value))
			}
		}
		r.got = nil
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", step.values, diff)
		}
	}
}
