package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

var (
	left  = topology.NewTopic[string, string]("left")
	right = topology.NewTopic[string, string]("right")
	out   = topology.NewTopic[string, string]("out")
)

// merged reads two topics in one task.
func merged(opts ...topology.Option) *topology.Builder {
	b := topology.New("merged")
	stream.From(b, left, opts...).Merge(stream.From(b, right, opts...)).To(out)
	return b
}

func values(effects []string) string {
	var vs []string
	for _, e := range effects {
		_, v, _ := strings.Cut(e, "=")
		v, _, _ = strings.Cut(v, "@")
		vs = append(vs, v)
	}
	return strings.Join(vs, " ")
}

func TestOrder(t *testing.T) {
	t.Parallel()
	late := topology.Extractor(func(_, v string, record, partition int64) int64 { return record*10 + partition/1000 })
	for _, row := range []struct {
		name        string
		opts        []topology.Option
		left, right []graph.Raw
		want        string
	}{
		{name: "the older partition first", left: raws(0, 1, "a", 4, "d"), right: raws(0, 2, "b", 3, "c"), want: "a b c d"},
		{name: "a partition keeps its own order", left: raws(0, 5, "a", 1, "b"), right: raws(0, 3, "c"), want: "c a b"},
		{name: "a tie goes to the source that was drawn first", left: raws(0, 1, "a", 1, "b"), right: raws(0, 1, "c"), want: "a b c"},
		{name: "negative timestamps are dropped", left: raws(0, -1, "a", 2, "b"), right: raws(0, -1, "c"), want: "b"},
		{name: "extracted timestamps decide", opts: []topology.Option{late}, left: raws(0, 3, "a"), right: raws(0, 2, "b", 4, "c"), want: "b a c"},
		{name: "one partition alone", left: raws(0, 1, "a"), want: "a"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, merged(row.opts...), engine.Config{})
			r.Add("left", row.left...)
			r.Add("right", row.right...)
			r.process()
			if got := values(r.got); got != row.want {
				t.Errorf("processed %q, want %q", got, row.want)
			}
		})
	}
}

// While a topic has records that are yet to come, the task waits for them: the next in order may be one of them.
func TestExpect(t *testing.T) {
	t.Parallel()
	r := newRig(t, merged(), engine.Config{})
	r.Expect("right", true)
	r.Add("left", raws(0, 5, "b")...)
	step := func(want string) {
		t.Helper()
		r.process()
		if got := values(r.take()); got != want {
			t.Fatalf("processed %q, want %q", got, want)
		}
	}
	step("")
	r.Add("right", raws(0, 1, "a")...)
	step("a") // and waits for the next of right
	r.Expect("right", false)
	step("b")
	r.Expect("no such topic", true)
	r.Add("no such topic", raws(0, 5, "b")...)
	r.Add("left", raws(1, 6, "c")...)
	step("c")
}

// A limit is kept, and what waits is counted.
func TestProcessLimit(t *testing.T) {
	t.Parallel()
	r := newRig(t, merged(), engine.Config{})
	r.Add("left", several(5)...)
	if n, err := r.Process(3); n != 3 || err != nil {
		t.Errorf("Process(3) = %d, %v", n, err)
	}
	if n := r.Buffered("left"); n != 2 {
		t.Errorf("%d records wait, want 2", n)
	}
	if n, err := r.Process(3); n != 2 || err != nil {
		t.Errorf("the second Process(3) = %d, %v", n, err)
	}
	if n := r.Buffered("none"); n != 0 {
		t.Errorf("%d records of a topic that is not read wait", n)
	}
}

// A queue that is never empty gives back the room of what was processed, and loses nothing by it.
func TestQueueCompaction(t *testing.T) {
	t.Parallel()
	r := newRig(t, merged(), engine.Config{})
	r.Add("right", graph.Raw{Key: []byte("k"), Value: []byte("last"), Timestamp: 1 << 40})
	var want []string
	next := int64(0)
	add := func(n int) {
		for range n {
			r.Add("left", graph.Raw{Key: []byte("k"), Value: fmt.Append(nil, next), Timestamp: next, Offset: next})
			want = append(want, fmt.Sprint(next))
			next++
		}
	}
	add(3000)
	for range 20 {
		if n, err := r.Process(1100); n != 1100 || err != nil {
			t.Fatalf("Process = %d, %v", n, err)
		}
		add(1100)
	}
	r.process()
	if diff := cmp.Diff(strings.Join(append(want, "last"), " "), values(r.got)); diff != "" {
		t.Error(diff)
	}
	if p := r.Positions(); p[0].Next != next || p[1].Next != 1 {
		t.Errorf("positions are %v", p)
	}
}

func TestPositions(t *testing.T) {
	t.Parallel()
	r := newRig(t, merged(), engine.Config{})
	at := func() string {
		var s []string
		for _, p := range r.Positions() {
			s = append(s, fmt.Sprintf("%s[%d] %d", p.Topic.Name, p.Partition, p.Next))
		}
		return strings.Join(s, ", ")
	}
	step := func(what, want string) {
		t.Helper()
		if got := at(); got != want {
			t.Errorf("%s: positions are %q, want %q", what, got, want)
		}
	}
	step("at first", "")
	r.SetPosition("right", 7)
	r.SetPosition("none", 7)
	step("set", "right[0] 7")
	r.Add("left", raws(3, 1, "a", -1, "dropped")...)
	r.process()
	step("processed and dropped", "left[0] 5, right[0] 7")
	r.Abort()
	step("aborted", "right[0] 7")
	r.Add("left", raws(3, 1, "a")...)
	r.process()
	r.commit()
	r.Abort()
	step("committed", "left[0] 4, right[0] 7")
}
