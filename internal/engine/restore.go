package engine

import (
	"encoding/binary"
	"fmt"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
)

// gatherBytes is how many bytes of records Gather takes together: a store on disk makes a table of so large a batch.
const gatherBytes = 8 << 20

// gathered are rows on their way into a DB, with the changelog offsets that they stand for: a batch holds both, so a crash
// takes both or neither.
type gathered struct {
	batch db.Batch
	bytes int
	next  map[*openStore]int64
}

// Restore applies changelog records to a store that is not in use yet; next is the offset up to which it is current
// then. Applying a record again does no harm.
func (t *Task) Restore(s *graph.Store, recs []graph.Raw, next int64) error {
	if err := t.Gather(s, recs, next); err != nil {
		return err
	}
	return t.Settle()
}

// Gather is Restore of many records, a few at a time: they are in the store once enough have come together, and at the latest
// after Settle. After an error the task is of no use any more.
func (t *Task) Gather(s *graph.Store, recs []graph.Raw, next int64) error {
	o := t.byName[s.Name]
	if o == nil {
		return fmt.Errorf("engine: store %q is not of this task", s.Name)
	}
	g := t.gathered[o.d]
	if g == nil {
		g = &gathered{batch: o.d.Batch(), next: map[*openStore]int64{}}
		if t.gathered == nil {
			t.gathered = map[db.DB]*gathered{}
		}
		t.gathered[o.d] = g
	}
	for i := range recs {
		r := &recs[i]
		if r.Key == nil {
			continue
		}
		if err := o.ts.Restore(g.batch, r.Key, r.Value, r.Timestamp); err != nil {
			t.scatter()
			return fmt.Errorf("engine: restore store %q from offset %d: %w", s.Name, r.Offset, err)
		}
		g.bytes += len(r.Key) + len(r.Value)
	}
	g.next[o] = next
	if g.bytes < gatherBytes {
		return nil
	}
	return t.settle(o.d)
}

// Settle writes what was gathered into the stores.
func (t *Task) Settle() error {
	for d := range t.gathered {
		if err := t.settle(d); err != nil {
			t.scatter()
			return err
		}
	}
	return nil
}

func (t *Task) settle(d db.DB) error {
	g := t.gathered[d]
	delete(t.gathered, d)
	for o, next := range g.next {
		if err := g.batch.Set(offsetKey(o.spec.Name), binary.BigEndian.AppendUint64(nil, uint64(next))); err != nil {
			g.batch.Discard()
			return err
		}
	}
	if err := g.batch.Commit(); err != nil {
		return fmt.Errorf("engine: restore a store: %w", err)
	}
	for o, next := range g.next {
		o.offset = next
	}
	return nil
}

// scatter gives up what was gathered.
func (t *Task) scatter() {
	for _, g := range t.gathered {
		g.batch.Discard()
	}
	clear(t.gathered)
}
