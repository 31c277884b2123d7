package engine

import (
	"container/heap"
	"fmt"
	"slices"

	"github.com/millrace-go/millrace/internal/graph"
)

// timers are a task's punctuations.
type timers struct {
	byClock [2]schedules
	saved   [2][]savedPunctuation // as they were at the last commit
	perNode map[*graph.Node]int
	names   map[*graph.Punctuation]string // of those that are part of the checkpoint
	lasting []*graph.Punctuation          // the same, in the order in which they were made
	running bool                          // the nodes are made
}

// schedules is a heap by due time alone, as Kafka Streams has it: the order of those due at one time is that of the heap.
type schedules []*graph.Punctuation

func (s *schedules) Len() int           { return len(*s) }
func (s *schedules) Less(i, j int) bool { return (*s)[i].Next < (*s)[j].Next }
func (s *schedules) Swap(i, j int)      { (*s)[i], (*s)[j] = (*s)[j], (*s)[i] }

// Push is for package heap.
func (s *schedules) Push(x any) { *s = append(*s, x.(*graph.Punctuation)) }

// Pop is for package heap.
func (s *schedules) Pop() any {
	last := len(*s) - 1
	p := (*s)[last]
	(*s)[last] = nil
	*s = (*s)[:last]
	return p
}

type savedPunctuation struct {
	p      *graph.Punctuation
	next   int64
	cancel bool
}

// schedule adds a punctuation. By stream time it is due at once, by wall clock after its interval. Those that a node makes
// from the start are part of the checkpoint; one that a record asks for lives no longer than the task.
func (t *Task) schedule(n *graph.Node, p *graph.Punctuation) {
	now := t.ctx.StreamTime
	p.Next = 0
	if p.Clock == graph.WallClock {
		now = t.ctx.WallTime
		p.Next = now + p.Interval
	}
	switch {
	case p.Start == nil:
	case *p.Start == now:
		p.Next = now
	default:
		p.Next = p.After(now)
	}
	if t.timers.running {
		t.ctx.Mutated = true
	} else {
		t.timers.names[p] = fmt.Sprintf("punctuation/%s/%d", n.Name, t.timers.perNode[n])
		t.timers.lasting = append(t.timers.lasting, p)
		t.timers.perNode[n]++
	}
	heap.Push(&t.timers.byClock[p.Clock], p)
}

// punctuate runs what is due, the earliest first.
func (t *Task) punctuate(clock graph.Clock, now int64) error {
	s := &t.timers.byClock[clock]
	for len(*s) > 0 && (*s)[0].Next <= now {
		p := heap.Pop(s).(*graph.Punctuation)
		if p.Cancel {
			continue
		}
		t.ctx.Topic, t.ctx.Partition, t.ctx.Offset, t.ctx.Headers, t.ctx.Fault = "", 0, 0, nil, nil
		if err := t.cause(p.Call(now)); err != nil {
			return err
		}
		if p.Cancel { // by itself
			continue
		}
		// The grid stays: what was missed is made up for by one call (KIP-138).
		p.Next += p.Interval * ((now-p.Next)/p.Interval + 1)
		heap.Push(s, p)
	}
	return nil
}

func (t *timers) save() {
	for i, s := range t.byClock {
		t.saved[i] = t.saved[i][:0]
		for _, p := range s {
			t.saved[i] = append(t.saved[i], savedPunctuation{p, p.Next, p.Cancel})
		}
	}
}

// rewind goes back to what save saw. The heap's layout is part of that, for it decides between those due at one time.
func (t *timers) rewind() {
	for i, list := range t.saved {
		t.byClock[i] = slices.Grow(t.byClock[i][:0], len(list))
		for _, x := range list {
			x.p.Next, x.p.Cancel = x.next, x.cancel
			t.byClock[i] = append(t.byClock[i], x.p)
		}
	}
}

// each calls f for those that are part of the checkpoint: first the ones that wait, in the order of their heaps.
func (t *timers) each(f func(p *graph.Punctuation, waits bool)) {
	waiting := map[*graph.Punctuation]bool{}
	for _, s := range t.byClock {
		for _, p := range s {
			waiting[p] = true
			if t.names[p] != "" {
				f(p, true)
			}
		}
	}
	for _, p := range t.lasting {
		if !waiting[p] {
			f(p, false)
		}
	}
}

// load makes the heaps of a new task: those of the checkpoint in its order, then those that it does not know.
func (t *timers) load(order []*graph.Punctuation, unknown map[uint32]*graph.Punctuation) {
	for i := range t.byClock {
		t.byClock[i] = t.byClock[i][:0]
	}
	for _, p := range order {
		t.byClock[p.Clock] = append(t.byClock[p.Clock], p)
	}
	for _, p := range t.lasting {
		if unknown[nameHash(t.names[p])] == p {
			t.byClock[p.Clock] = append(t.byClock[p.Clock], p)
		}
	}
	for i := range t.byClock {
		heap.Init(&t.byClock[i])
	}
}
