package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/millrace-go/millrace/internal/members"
	"github.com/millrace-go/millrace/internal/transport"
)

// fetcher reads what is committed.
type fetcher struct {
	p     *process
	name  string
	known map[string]bool // topics
	ps    []*cursor
}

// cursor is where the reading of a partition is.
type cursor struct {
	transport.Partition
	at     int64
	ended  int64 // the position whose end was reported last; -1: none
	paused bool
}

// NewFetcher implements [transport.Client].
func (p *process) NewFetcher(cfg transport.FetcherConfig) (transport.Fetcher, error) {
	if p.dead.Load() {
		return nil, errCrashed
	}
	return &fetcher{p: p, name: cfg.Name, known: map[string]bool{}}, nil
}

// Assign implements [transport.Fetcher]. The real client asks for the metadata of topics that it does not know.
func (f *fetcher) Assign(ps []transport.Position) error {
	ps = slices.Clone(ps)
	slices.SortFunc(ps, func(a, b transport.Position) int { return order(a.Partition, b.Partition) })
	known := true
	for _, p := range ps {
		known = known && f.known[p.Topic]
	}
	assign := func() error {
		f.ps = nil
		for _, p := range ps {
			f.known[p.Topic] = true
			if p.Offset == transport.None {
				q := f.p.w.cluster.partition(p.Partition)
				if q == nil {
					return fmt.Errorf("sim: %v: %w", p.Partition, transport.ErrTopic)
				}
				p.Offset = q.start
			}
			f.ps = append(f.ps, &cursor{Partition: p.Partition, at: p.Offset, ended: -1})
		}
		return nil
	}
	c := call{key: fmt.Sprintf("%s: assign %v", f.name, ps), local: known, do: assign}
	if !known {
		c.patience, c.do = 5*time.Second, func() error { return f.p.unreachable(assign) }
	}
	return f.p.call(c)
}

// Poll implements [transport.Fetcher].
func (f *fetcher) Poll(wait time.Duration) (list []transport.Batch, err error) {
	err = f.p.call(call{
		key: f.name + ": poll", wait: f.p.w.climate.patient(wait),
		ready: func() bool { return slices.ContainsFunc(f.ps, f.some) },
		do: func() error {
			list, err = f.read()
			return err
		},
	})
	return list, err
}

// some says whether there is something to be told of a partition: records, or its end.
func (f *fetcher) some(c *cursor) bool {
	if strings.HasSuffix(c.Topic, members.Suffix) && time.Until(f.p.blind) > 0 {
		return false
	}
	p := f.p.w.cluster.partition(c.Partition)
	return p != nil && !c.paused && (c.at < p.stable() || c.at < p.start || c.ended != c.at)
}

// read takes some of what there is, from some of the partitions.
func (f *fetcher) read() (list []transport.Batch, err error) {
	rnd, left := f.p.w.sched.rnd, 1+f.p.w.sched.rnd.IntN(f.p.w.climate.pollMost)
	for _, i := range rnd.Perm(len(f.ps)) {
		c := f.ps[i]
		if left <= 0 {
			break
		}
		if !f.some(c) {
			continue
		}
		p := f.p.w.cluster.partition(c.Partition)
		if c.at < p.start || c.at > p.end {
			return nil, fmt.Errorf("sim: %v is read from %d, and holds %d to %d: %w", c.Partition, c.at, p.start, p.end, transport.ErrPosition)
		}
		b := transport.Batch{Partition: c.Partition}
		b.Records, c.at = p.read(c.at, left)
		left -= len(b.Records)
		if c.at >= p.stable() && (len(b.Records) == 0 || rnd.IntN(2) == 0) {
			b.End, b.Next, c.ended = true, c.at, c.at
		}
		if len(b.Records) > 0 || b.End {
			list = append(list, b)
		}
	}
	return list, nil
}

// Pause implements [transport.Fetcher].
func (f *fetcher) Pause(ps []transport.Partition) error { return f.pause(ps, true) }

// Resume implements [transport.Fetcher].
func (f *fetcher) Resume(ps []transport.Partition) error { return f.pause(ps, false) }

func (f *fetcher) pause(ps []transport.Partition, paused bool) error {
	for _, c := range f.ps {
		if slices.Contains(ps, c.Partition) {
			c.paused, c.ended = paused, -1
		}
	}
	return nil
}

// Close implements [transport.Fetcher].
func (f *fetcher) Close() error { return nil }

// order is that of partitions.
func order(a, b transport.Partition) int {
	if c := strings.Compare(a.Topic, b.Topic); c != 0 {
		return c
	}
	return int(a.Index - b.Index)
}
