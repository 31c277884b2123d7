package engine_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/db/memdb"
	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

// timed draws a processor and returns its topology.
func timed(t *testing.T, init func(c *stream.Context[string, string]) func(stream.Record[string, string]) error) *topology.Topology {
	t.Helper()
	b := topology.New("timed")
	stream.From(b, left).Process(func(c *stream.Context[string, string]) (func(stream.Record[string, string]) error, error) {
		return init(c), nil
	}).To(out)
	topo, err := b.Build()
	noError(t, err)
	return topo
}

func must(t *testing.T, topo *topology.Topology, cfg engine.Config) *rig {
	t.Helper()
	r, err := rigOf(t, topo, cfg)
	noError(t, err)
	return r
}

func say(c *stream.Context[string, string], format string) func(int64) error {
	return func(now int64) error {
		return c.Forward(stream.Record[string, string]{Key: "k", Value: fmt.Sprintf(format, now)})
	}
}

func nothing(stream.Record[string, string]) error { return nil }

// Stream time calls from the first record on, the clock after one interval; what was missed is one call, and the grid stays.
func TestTimers(t *testing.T) {
	t.Parallel()
	r := must(t, timed(t, func(c *stream.Context[string, string]) func(stream.Record[string, string]) error {
		c.EveryStreamTime(10*time.Millisecond, say(c, "s%d"))
		c.Every(10*time.Millisecond, say(c, "w%d"))
		return nothing
	}), engine.Config{Wall: 1000})
	step := func(what, want string, do func()) {
		t.Helper()
		do()
		if got := values(r.take()); got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	at := func(ms int) func() {
		return func() {
			r.Add("left", raws(0, ms, "")...)
			r.process()
		}
	}
	wall := func(ms int64) func() { return func() { r.tick(ms) } }
	step("the clock before its interval", "", wall(1009))
	step("the clock", "w1010", wall(1010))
	step("the clock, late", "w1037", wall(1037))
	step("the clock, on its grid", "w1040", wall(1040))
	step("the clock, back", "", wall(500))
	step("the first record", "s5", at(5))
	step("stream time has not moved far", "", at(9))
	step("stream time", "s10", at(10))
	step("stream time jumps", "s55", at(55))
	step("a late record", "", at(20))
	step("stream time, on its grid", "s60", at(60))
}

// A timer may end itself, and be ended and started by records; an abort takes both back.
func TestTimersEnd(t *testing.T) {
	t.Parallel()
	r := must(t, timed(t, func(c *stream.Context[string, string]) func(stream.Record[string, string]) error {
		var once, stop func()
		once = c.Every(10*time.Millisecond, func(now int64) error {
			once()
			return say(c, "once%d")(now)
		})
		stop = c.Every(10*time.Millisecond, say(c, "w%d"))
		return func(r stream.Record[string, string]) error {
			switch r.Value {
			case "stop":
				stop()
			case "start":
				c.Every(10*time.Millisecond, say(c, "new%d"))
			}
			return nil
		}
	}), engine.Config{})
	step := func(what, want string) {
		t.Helper()
		if got := values(r.take()); got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	r.tick(10)
	step("both", "once10 w10")
	r.commit()
	r.Add("left", raws(0, 1, "stop", 1, "start")...)
	r.process()
	r.tick(20)
	step("one ended, one started", "new20")
	r.Abort()
	r.tick(21)
	step("taken back", "w21")
	r.Add("left", raws(0, 1, "stop")...)
	r.process()
	r.tick(30)
	r.commit()
	step("ended again", "")
	r.Abort()
	r.tick(40)
	step("for good", "")
}

// An error of a timer says whose it is.
func TestTimerFails(t *testing.T) {
	t.Parallel()
	r := must(t, timed(t, func(c *stream.Context[string, string]) func(stream.Record[string, string]) error {
		c.Every(time.Millisecond, func(int64) error { return errBad })
		return nothing
	}), engine.Config{OnProcess: ignore})
	err := r.Tick(1)
	if !errors.Is(err, errBad) || !strings.Contains(err.Error(), "left.source.process (timers_test.go:") {
		t.Errorf("Tick = %v", err)
	}
}

// What a record scheduled before it failed is taken back with it.
func TestFailedRecordSchedulesNothing(t *testing.T) {
	t.Parallel()
	r := must(t, timed(t, func(c *stream.Context[string, string]) func(stream.Record[string, string]) error {
		return func(stream.Record[string, string]) error {
			c.Every(time.Millisecond, say(c, "left behind %d"))
			return errBad
		}
	}), engine.Config{OnProcess: ignore})
	r.Add("left", raws(0, 1, "a")...)
	_, err := r.Process(1)
	if _, ok := errors.AsType[*engine.ReplayError](err); !ok {
		t.Fatalf("Process = %v, want a replay", err)
	}
	r.Rewind()
	r.tick(100)
	if len(r.got) > 0 {
		t.Errorf("after the rewind: %q", r.got)
	}
}

// A task made anew from a checkpoint goes on as the old one would have: timers due at one time in the same order, ended
// ones ended.
func TestCheckpoint(t *testing.T) {
	t.Parallel()
	topo := timed(t, func(c *stream.Context[string, string]) func(stream.Record[string, string]) error {
		for _, name := range []string{"a", "b", "c", "d"} {
			c.EveryStreamTime(10*time.Millisecond, say(c, name+"%d"))
		}
		var once func()
		once = c.EveryStreamTime(time.Millisecond, func(int64) error { once(); return nil })
		c.Every(10*time.Millisecond, say(c, "w%d"))
		return nothing
	})
	disk := memdb.New()
	old := must(t, topo, engine.Config{Disk: disk})
	at := 0
	for range 7 {
		old.Add("left", raws(int64(at), at, "")...)
		old.process()
		old.tick(int64(2 * at))
		old.commit()
		old.take()
		fresh := must(t, topo, engine.Config{Disk: disk, Wall: 1 << 40})
		noError(t, fresh.LoadCheckpoint(old.Checkpoint()))
		if diff := cmp.Diff(old.Checkpoint(), fresh.Checkpoint()); diff != "" {
			t.Fatalf("a loaded checkpoint differs (-old +fresh):\n%s", diff)
		}
		if fresh.StreamTime() != int64(at) {
			t.Errorf("stream time is %d, want %d", fresh.StreamTime(), at)
		}
		at += 10
		for _, r := range []*rig{old, fresh} {
			r.Add("left", raws(int64(at), at, "")...)
			r.process()
			r.tick(int64(2 * at))
		}
		if diff := cmp.Diff(old.take(), fresh.take()); diff != "" {
			t.Errorf("at %d (-old +fresh):\n%s", at, diff)
		}
		old.commit()
	}
}

// A checkpoint of another topology gives what fits: what is gone is ignored, what is new starts anew.
func TestCheckpointOfAnotherTopology(t *testing.T) {
	t.Parallel()
	timer := func(ms ...int) *topology.Topology {
		return timed(t, func(c *stream.Context[string, string]) func(stream.Record[string, string]) error {
			for i, x := range ms {
				c.EveryStreamTime(time.Duration(x)*time.Millisecond, say(c, fmt.Sprintf("t%d-", i)+"%d"))
			}
			return nothing
		})
	}
	old := must(t, timer(10), engine.Config{})
	old.Add("left", raws(0, 5, "")...)
	old.process()
	for name, row := range map[string]struct {
		topo *topology.Topology
		want string
	}{
		"one more": {timer(10, 10), "t1-6"},
		"none":     {timer(), ""},
		"the same": {timer(10), ""},
	} {
		r := must(t, row.topo, engine.Config{})
		noError(t, r.LoadCheckpoint(old.Checkpoint()))
		r.Add("left", raws(0, 6, "")...)
		r.process()
		if got := values(r.take()); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}

func TestDamagedCheckpoint(t *testing.T) {
	t.Parallel()
	r := newRig(t, merged(), engine.Config{})
	for _, b := range []string{"\x02", "\x01abc", "\x01abcd", "\x01abcd\xff", "\x01abcd\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"} {
		if err := r.LoadCheckpoint([]byte(b)); err == nil || !strings.Contains(err.Error(), "reset the application's offsets") {
			t.Errorf("LoadCheckpoint(%x) = %v", b, err)
		}
	}
	noError(t, r.LoadCheckpoint(nil))
}

// FuzzCheckpoint loads any bytes: they may be refused, but the task must go on either way.
func FuzzCheckpoint(f *testing.F) {
	f.Add([]byte{1})
	f.Add([]byte("\x01abcd\x02"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := must(t, timed(t, func(c *stream.Context[string, string]) func(stream.Record[string, string]) error {
			c.EveryStreamTime(time.Millisecond, say(c, "s%d"))
			c.Every(time.Millisecond, say(c, "w%d"))
			return nothing
		}), engine.Config{})
		own := r.Checkpoint()
		if len(b) > 0 && len(b) < len(own) { // and damaged ones of its own
			own[len(b)] ^= b[0]
			_ = r.LoadCheckpoint(own)
		}
		_ = r.LoadCheckpoint(b)
		r.Add("left", raws(0, 1, "")...)
		r.process()
		r.tick(1)
		r.commit()
		noError(t, must(t, timed(t, func(*stream.Context[string, string]) func(stream.Record[string, string]) error { return nothing }),
			engine.Config{}).LoadCheckpoint(r.Checkpoint()))
	})
}
