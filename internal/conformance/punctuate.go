package conformance

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/millrace-go/millrace/stream"
)

// timer is the processor of the punctuate-* scenarios: two punctuations from the start, and what records ask for.
type timer[S text] struct {
	c       *stream.Context[S, S]
	wall    bool
	prefix  string
	seq     int
	cancels map[string]func()
}

// timed adds a timer to a stream.
func timed[S text](x *drawing[S], s *stream.Stream[S, S], wall bool, prefix string) *stream.Stream[S, S] {
	return s.Process(func(c *stream.Context[S, S]) (func(stream.Record[S, S]) error, error) {
		t := &timer[S]{c: c, wall: wall, prefix: prefix, cancels: map[string]func(){}}
		t.schedule(prefix+"1", x.millis("interval1Ms"), false)
		t.schedule(prefix+"2", x.millis("interval2Ms"), false)
		return t.process, nil
	})
}

func (t *timer[S]) schedule(name string, interval time.Duration, once bool) {
	calls := 0
	every := t.c.EveryStreamTime
	if t.wall {
		every = t.c.Every
	}
	t.cancels[name] = every(interval, func(now int64) error {
		calls++
		if once {
			t.cancels[name]()
		}
		return t.c.Forward(stream.Record[S, S]{
			Key:       is[S](name),
			Value:     is[S](fmt.Sprintf("#%d@%d st=%d wc=%d", calls, now, t.c.StreamTime(), t.c.WallTime())),
			Timestamp: max(0, now),
		})
	})
}

func (t *timer[S]) process(r stream.Record[S, S]) error {
	command, arg, _ := strings.Cut(show(r.Value), "|")
	switch command {
	case "add", "once":
		ms, err := strconv.ParseInt(arg, 10, 64)
		if err != nil {
			return fmt.Errorf("conformance: command %q: %w", show(r.Value), err)
		}
		t.seq++
		name := t.prefix + "x" + strconv.Itoa(t.seq)
		if command == "once" {
			name = "once" + t.prefix + strconv.Itoa(t.seq)
		}
		t.schedule(name, time.Duration(ms)*time.Millisecond, command == "once")
	case "cancel":
		if cancel := t.cancels[arg]; cancel != nil {
			cancel()
		}
	}
	return t.c.Forward(with(r, is[S]("rec:"+show(r.Value))))
}

func punctuateStream[S text](x *drawing[S]) { x.to(timed(x, x.from("in"), false, "s"), "out") }

func punctuateWall[S text](x *drawing[S]) { x.to(timed(x, x.from("in"), true, "w"), "out") }

func punctuateBoth[S text](x *drawing[S]) {
	x.to(timed(x, timed(x, x.from("in"), false, "s"), true, "w"), "out")
}

// papiTopology is a hand-built graph; a processor with two parents is one after their merge.
func papiTopology[S text](x *drawing[S]) {
	src := x.from("in")
	p1 := processed(src, func(c *stream.Context[S, routed[S]], r stream.Record[S, S]) error {
		if err := c.Forward(with(r, routed[S]{Value: is[S](show(r.Value) + "1")})); err != nil || !isNull(r.Value) {
			return err
		}
		return c.Forward(with(r, routed[S]{"p3", is[S]("extra")}))
	})
	p2 := child(p1, "p2").MapValues(func(v S) S { return is[S](show(v) + "2") })
	p3 := child(p1, "p3").Merge(src).MapValues(func(v S) S { return is[S](show(v) + "3") })
	x.to(p2.Merge(p3), "out1")
	x.to(child(p1, "k2"), "out2")
}
