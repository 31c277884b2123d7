package engine_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/serde"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

var errBad = errors.New("bad value")

// picky fails on the value "bad", after a sister that counts has seen it.
func picky(counted bool) *topology.Builder {
	b := topology.New("picky")
	s := stream.From(b, left)
	if counted {
		stream.Changes(s.GroupByKey().Count(topology.As("counts"))).To(topology.NewTopic[string, int64]("counts"))
	}
	s.ProcessValues(func(_ context.Context, r stream.Record[string, string]) (string, error) {
		if r.Value == "bad" {
			return "", errBad
		}
		return r.Value, nil
	}, topology.As("picky")).To(out)
	return b
}

func ignore(*engine.RecordError) engine.Verdict { return engine.Ignore }

// Without a policy, or with one that says so, a record that fails stops the task and the error tells all about it.
func TestFail(t *testing.T) {
	t.Parallel()
	var asked *engine.RecordError
	for name, policy := range map[string]func(*engine.RecordError) engine.Verdict{
		"none": nil,
		"fail": func(e *engine.RecordError) engine.Verdict { asked = e; return engine.Fail },
	} {
		r := newRig(t, picky(false), engine.Config{OnProcess: policy, OnDecode: ignore})
		r.Add("left", raws(40, 1, "good", 2, "bad", 3, "good")...)
		n, err := r.Process(10)
		var re *engine.RecordError
		var user *graph.UserError
		if n != 1 || !errors.Is(err, errBad) || !errors.As(err, &re) || !errors.As(err, &user) {
			t.Fatalf("%s: Process = %d, %v", name, n, err)
		}
		if re.Topic != "left" || re.Offset != 41 || re.Node.Name != "picky" || string(re.Raw.Value) != "bad" || user.Node != re.Node {
			t.Errorf("%s: the error is %+v", name, re)
		}
		if n := r.Counters().Dropped; n != 0 {
			t.Errorf("%s: %d records dropped", name, n)
		}
	}
	if asked == nil {
		t.Error("the policy was not asked")
	}
}

// A record that fails before it has changed anything is left out at once.
func TestIgnore(t *testing.T) {
	t.Parallel()
	r := newRig(t, picky(false), engine.Config{OnProcess: ignore})
	r.Add("left", raws(0, 1, "a", 1_000_000, "bad", 2, "b")...)
	r.process()
	if got := values(r.got); got != "a b" {
		t.Errorf("processed %q", got)
	}
	if got := r.StreamTime(); got != 2 {
		t.Errorf("stream time is %d: a record that was left out has moved it", got)
	}
	c := r.Counters()
	if c.Processed != 3 || c.Dropped != 1 || len(c.DroppedBy) != 1 {
		t.Errorf("counters are %+v", c)
	}
	if diff := cmp.Diff([]string{"picky: picky (" + r.place() + "): bad value at left/0/1"}, r.skip); diff != "" {
		t.Error(diff)
	}
}

// place is where the failing operator was drawn.
func (r *rig) place() string {
	for n := range r.Counters().DroppedBy {
		return n.At
	}
	return ""
}

// A record that fails after it has changed something is taken back with the work since the last commit, and left out
// when it comes again: the end is as if it had never come.
func TestReplay(t *testing.T) {
	t.Parallel()
	r := newRig(t, picky(true), engine.Config{OnProcess: ignore})
	records := raws(0, 1, "a", 1_000_000, "bad", 2, "b")
	r.Add("left", records[0])
	r.process()
	r.commit()
	r.take()
	r.Add("left", records[1:]...)
	_, err := r.Process(10)
	var replay *engine.ReplayError
	if !errors.As(err, &replay) || !errors.Is(err, errBad) {
		t.Fatalf("Process = %v, want a replay", err)
	}
	r.Drop(replay.Record)
	r.Abort()
	r.take()
	if p := r.Positions(); p[0].Next != 1 {
		t.Fatalf("after the abort the position is %d, want 1", p[0].Next)
	}
	r.Add("left", records[1:]...)
	r.process()
	r.commit()
	want := []string{"counts[0] k=0000000000000002@2", "out[0] k=b@2", "-counts-changelog[0] k=0000000000000002@2"}
	if diff := cmp.Diff(want, r.take()); diff != "" {
		t.Error(diff)
	}
	if got := r.StreamTime(); got != 2 {
		t.Errorf("stream time is %d: a record that was left out has moved it", got)
	}
	r.Add("left", raws(1, 3, "c")...) // the offset is forgotten once it is committed
	r.process()
	if got := r.take(); len(got) != 2 {
		t.Errorf("a record of the offset that was left out gives %q", got)
	}
}

// With Rewind instead of Abort, the failed record is still at the head.
func TestRewindAndDrop(t *testing.T) {
	t.Parallel()
	r := newRig(t, picky(true), engine.Config{OnProcess: ignore})
	r.Add("left", raws(0, 1, "bad", 2, "b")...)
	_, err := r.Process(1)
	var replay *engine.ReplayError
	if !errors.As(err, &replay) {
		t.Fatalf("Process = %v, want a replay", err)
	}
	r.Drop(replay.Record)
	r.Rewind()
	r.take()
	r.process()
	if got := values(r.take()); got != "0000000000000001 b" {
		t.Errorf("after the rewind %q", got)
	}
}

// An extractor sees the time that a record came with, however often it is asked.
func TestRewindGivesTimesBack(t *testing.T) {
	t.Parallel()
	b := topology.New("rewind")
	plus := topology.Extractor(func(_, _ string, record, _ int64) int64 { return record + 100 })
	stream.From(b, left, plus).ToTable(topology.As("rows"))
	r := newRig(t, b, engine.Config{})
	r.Add("left", raws(0, 1, "a", 2, "b")...)
	if _, err := r.Process(1); err != nil {
		t.Fatal(err)
	}
	r.commit()
	r.take()
	r.fail = errors.New("the broker is away")
	r.process()
	if err := r.Prepare(); !errors.Is(err, r.fail) {
		t.Fatalf("Prepare = %v", err)
	}
	r.fail = nil
	r.Rewind()
	if got := r.StreamTime(); got != 101 {
		t.Errorf("stream time is %d after the rewind, want 101", got)
	}
	r.Add("left", raws(1, 2, "b")...)
	if _, err := r.Process(1); err != nil {
		t.Fatal(err)
	}
	r.Rewind()
	r.Add("left", raws(1, 3, "c")...)
	r.process()
	r.commit()
	if diff := cmp.Diff([]string{"-rows-changelog[0] k=c@103"}, r.take()); diff != "" {
		t.Error(diff)
	}
}

// A record that does not decode is the other policy's. It moves no time: not even whether it is one is known.
func TestDecodePolicy(t *testing.T) {
	t.Parallel()
	build := func(opts ...topology.Option) *topology.Builder {
		b := topology.New("numbers")
		stream.From(b, topology.NewTopic[string, int64]("left"), opts...).To(topology.NewTopic[string, int64]("out"))
		return b
	}
	seven := string(make([]byte, 7))
	eight := string(make([]byte, 8))
	extractor := topology.Extractor(func(_ string, _, record, _ int64) int64 { return record })
	for name, opts := range map[string][]topology.Option{"carried time": nil, "extracted time": {extractor}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked []*engine.RecordError
			r := newRig(t, build(opts...), engine.Config{OnProcess: ignore, OnDecode: func(e *engine.RecordError) engine.Verdict {
				asked = append(asked, e)
				return engine.Ignore
			}})
			r.Add("left", raws(0, 1, eight, 99, seven, 2, eight)...)
			r.process()
			if len(r.got) != 2 || r.StreamTime() != 2 || r.Counters().Dropped != 1 {
				t.Errorf("effects %q, stream time %d, counters %+v", r.got, r.StreamTime(), r.Counters())
			}
			var d *graph.DecodeError
			if len(asked) != 1 || asked[0].Node != nil || !errors.As(asked[0], &d) || d.Part != "value" || asked[0].Offset != 1 {
				t.Errorf("the policy was asked about %v", asked)
			}
			r = newRig(t, build(opts...), engine.Config{OnProcess: ignore})
			r.Add("left", raws(0, 1, seven)...)
			if _, err := r.Process(1); !errors.As(err, &d) {
				t.Errorf("without a policy: %v", err)
			}
		})
	}
}

// What fails beneath the operators is no record's fault: no policy may drop a record for it, even where a callback has
// taken the error for its own or swallowed it.
func TestFaultIsNoRecords(t *testing.T) {
	t.Parallel()
	fault := errors.New("the broker is away")
	for name, handle := range map[string]func(err error) error{
		"passed on": func(err error) error { return err },
		"renamed": func(err error) error {
			if err != nil {
				return errBad
			}
			return nil
		},
		"swallowed": func(error) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := topology.New("faults")
			stream.From(b, left).Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
				again := func(int64) error {
					return handle(c.Forward(stream.Record[string, string]{Key: "k", Value: "tick"}))
				}
				c.Every(time.Second, again)
				return func(r stream.Record[string, string]) error { return handle(c.Forward(r)) }, nil
			}).To(out)
			r := newRig(t, b, engine.Config{OnProcess: ignore, OnDecode: ignore})
			r.fail = fault
			r.Add("left", raws(0, 1, "a")...)
			if n, err := r.Process(1); n != 0 || !errors.Is(err, fault) {
				t.Errorf("Process = %d, %v, want the fault", n, err)
			}
			r.Abort()
			if err := r.Tick(1000); !errors.Is(err, fault) {
				t.Errorf("Tick = %v, want the fault", err)
			}
			r.Abort()
			r.fail = nil
			r.Add("left", raws(0, 1, "a")...)
			r.process()
			r.tick(1000)
			if got := values(r.take()); got != "a tick" {
				t.Errorf("once the fault is over: %q", got)
			}
		})
	}
}

// A key that its serde refuses on the way out is the record's fault, and the sink's node is named.
func TestEncodePolicy(t *testing.T) {
	t.Parallel()
	b := topology.New("encode")
	stream.From(b, left).To(topology.Topic[string, string]{Name: "out", Value: refusing{}}, topology.As("sink"))
	r := newRig(t, b, engine.Config{OnProcess: ignore})
	r.Add("left", raws(0, 1, "a", 2, "bad", 3, "b")...)
	r.process()
	if got := values(r.take()); got != "a b" || len(r.skip) != 1 {
		t.Errorf("processed %q, skipped %q", got, r.skip)
	}
}

type refusing struct{}

func (refusing) Append(dst []byte, v string) ([]byte, error) {
	if v == "bad" {
		return nil, errBad
	}
	return serde.String().Append(dst, v)
}
func (refusing) Decode(src []byte) (string, error) { return string(src), nil }
