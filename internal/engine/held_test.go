package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
)

// holding holds the changes of a table back for 10 ms; on the value "bad" what is after it fails, on "worse" it panics. On
// "sour" the update itself fails.
func holding(opts ...topology.Option) *topology.Builder {
	b := topology.New("holding")
	rows := table.From(b, left, append(opts, topology.As("rows"))...)
	held := rows.SuppressUntilTimeLimit(10*time.Millisecond, topology.As("held"), topology.CloseWhenIdle(time.Second))
	stream.Changes(rows).ProcessValues(func(_ context.Context, r stream.Record[string, string]) (string, error) {
		if r.Value == "sour" {
			return "", errBad
		}
		return "", nil
	})
	stream.Changes(held).ProcessValues(func(_ context.Context, r stream.Record[string, string]) (string, error) {
		switch r.Value {
		case "bad":
			return "", errBad
		case "worse":
			panic(errBad)
		}
		return r.Value, nil
	}, topology.As("picky")).To(out)
	return b
}

// keyed are records "key value time".
func keyed(offset int64, recs ...string) []graph.Raw {
	var rs []graph.Raw
	for i, s := range recs {
		var key, value string
		var at int64
		if _, err := fmt.Sscan(s, &key, &value, &at); err != nil {
			panic(err)
		}
		rs = append(rs, graph.Raw{Key: []byte(key), Value: []byte(value), Timestamp: at, Offset: offset + int64(i)})
	}
	return rs
}

// step is Process as a driver calls it that recovers from panics.
func (r *rig) step() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = r.Panicked(p.(error))
		}
	}()
	_, err = r.Process(1 << 30)
	return err
}

// A record that was held back and fails when another lets it go is the one that is asked about, left out, and sent to the
// dead letters; the other one is processed.
func TestHeldRecordFails(t *testing.T) {
	t.Parallel()
	letter := "dead[-1] b=%s@4"
	for name, tc := range map[string]struct {
		value   string
		verdict engine.Verdict
		dead    []string
	}{
		"ignored":      {"bad", engine.Ignore, nil},
		"diverted":     {"bad", engine.Divert, []string{fmt.Sprintf(letter, "bad")}},
		"panicking":    {"worse", engine.Ignore, nil},
		"and diverted": {"worse", engine.Divert, []string{fmt.Sprintf(letter, "worse")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked []string
			r := newRig(t, holding(), engine.Config{DeadLetters: "dead", OnProcess: func(e *engine.RecordError) engine.Verdict {
				asked = append(asked, fmt.Sprintf("%s %s/%d/%d", e.Raw.Key, e.Topic, e.Partition, e.Offset))
				return tc.verdict
			}})
			r.Add("left", keyed(0, "a good 1", "b fine 2", "b "+tc.value+" 4")...)
			noError(t, r.step())
			r.commit()
			r.take()
			more := keyed(3, "c good 5", "d good 13")
			for round := 0; ; round++ {
				r.Add("left", more...)
				err := r.step()
				var replay *engine.ReplayError
				if round == 0 && errors.As(err, &replay) {
					r.Drop(replay.Record)
					r.Abort()
					r.take()
					continue
				}
				if noError(t, err); round != 1 {
					t.Fatalf("after %d rounds", round)
				}
				break
			}
			got := slices.DeleteFunc(r.take(), func(s string) bool { return s[:1] == "-" })
			if diff := cmp.Diff(append([]string{"out[0] a=good@1"}, tc.dead...), got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{"b left/0/2"}, asked); diff != "" {
				t.Errorf("asked: %s", diff)
			}
			if len(r.skip) != 1 || r.Counters().Dropped != 1 {
				t.Errorf("skipped: %q", r.skip)
			}
			r.commit()
			r.Add("left", keyed(5, "b good 14", "e good 30")...) // it is not left out for ever
			noError(t, r.step())
			want := []string{"out[0] c=good@5", "out[0] d=good@13", "out[0] b=good@14"}
			if got := r.take(); !slices.Equal(got[len(got)-3:], want) {
				t.Errorf("after the commit: %q, want %q", got, want)
			}
		})
	}
}

// Where the record that let it go is left out too, it waits on, and what it is updated to then is not left out.
func TestHeldRecordFailsWithAnother(t *testing.T) {
	t.Parallel()
	r := newRig(t, holding(), engine.Config{OnProcess: ignore})
	recs := keyed(0, "b bad 2", "d sour 13", "b good 3", "e good 14")
	for {
		r.Add("left", recs...)
		err := r.step()
		var replay *engine.ReplayError
		if !errors.As(err, &replay) {
			noError(t, err)
			break
		}
		r.Drop(replay.Record)
		r.Abort()
		r.take()
	}
	if diff := cmp.Diff([]string{"out[0] b=good@3"}, r.take()); diff != "" {
		t.Error(diff)
	}
}

// Without a policy it stops the task, and the error tells which record it was and who held it back.
func TestHeldRecordStops(t *testing.T) {
	t.Parallel()
	r := newRig(t, holding(), engine.Config{})
	r.Add("left", keyed(0, "a good 1", "b bad 2", "c good 20")...)
	_, err := r.Process(10)
	var re *engine.RecordError
	if !errors.Is(err, errBad) || !errors.As(err, &re) {
		t.Fatal(err)
	}
	if re.Topic != "left" || re.Offset != 1 || re.Node.Name != "picky" || string(re.Raw.Value) != "bad" || re.Raw.Timestamp != 2 {
		t.Errorf("the error is %+v", re)
	}
	held, ok := errors.AsType[*graph.HeldError](err)
	if !ok || held.Held.Node.Name != "held" {
		t.Errorf("%v does not tell who held it back", err)
	}
}

// One that is let go at a commit, by a table that emits then, or by the clock, is asked about, too.
func TestHeldRecordFailsWithoutAnother(t *testing.T) {
	t.Parallel()
	again := func(*engine.RecordError) engine.Verdict { return engine.Again }
	for name, let := range map[string]func(r *rig, wall int64) error{
		"at a commit": func(r *rig, _ int64) error {
			r.Add("left", keyed(0, "b bad 2", "c good 20")...)
			noError(t, r.step())
			return r.Prepare()
		},
		"by the clock": func(r *rig, wall int64) error {
			r.Add("left", keyed(0, "b bad 2")...)
			noError(t, r.step())
			noError(t, r.Prepare())
			return r.Tick(wall)
		},
	} {
		r := newRig(t, holding(topology.EmitOnCommit()), engine.Config{OnProcess: ignore})
		var replay *engine.ReplayError
		if err := let(r, 5000); !errors.As(err, &replay) || replay.Record.Topic != "left" || replay.Record.Offset != 0 || replay.Record.Node.Name != "picky" {
			t.Fatalf("%s: %v, want a replay", name, err)
		}
		r.Drop(replay.Record)
		r.Abort()
		noError(t, let(r, 10_000))
		if r.Counters().Dropped != 1 {
			t.Errorf("%s: %d dropped, want 1", name, r.Counters().Dropped)
		}
		r = newRig(t, holding(topology.EmitOnCommit()), engine.Config{OnProcess: again})
		var retry *engine.RetryError
		if err := let(r, 5000); !errors.As(err, &retry) {
			t.Errorf("%s: %v, want a retry", name, err)
		}
		r = newRig(t, holding(topology.EmitOnCommit()), engine.Config{})
		if err := let(r, 5000); !errors.Is(err, errBad) {
			t.Errorf("%s: %v, want a failure", name, err)
		}
	}
}
