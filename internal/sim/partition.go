package sim

import (
	"slices"

	"github.com/millrace-go/millrace/internal/graph"
)

// partition is a log. A transaction's end takes an offset in each that it touched, as on a broker.
type partition struct {
	entries []entry
	start   int64 // below it, everything is deleted
	end     int64 // the next offset
	open    map[*transaction]int64
	aborted map[*transaction]bool
}

// entry is a record, or the end of a transaction.
type entry struct {
	graph.Raw
	tx      *transaction // nil: none
	control bool
}

func newPartition() *partition {
	return &partition{open: map[*transaction]int64{}, aborted: map[*transaction]bool{}}
}

// append adds a record of a transaction, or of none.
func (p *partition) append(r graph.Raw, tx *transaction) {
	if _, ok := p.open[tx]; tx != nil && !ok {
		p.open[tx] = p.end
	}
	r.Offset = p.end
	p.entries = append(p.entries, entry{Raw: r, tx: tx})
	p.end++
}

// mark ends a transaction here.
func (p *partition) mark(tx *transaction, commit bool) {
	p.entries = append(p.entries, entry{Offset: p.end, tx: tx, control: true})
	p.end++
	delete(p.open, tx)
	if !commit {
		p.aborted[tx] = true
	}
}

// stable is the offset up to which it is settled what is committed.
func (p *partition) stable() int64 {
	at := p.end
	for _, first := range p.open {
		at = min(at, first)
	}
	return at
}

func (p *partition) visible(e *entry) bool { return !e.control && !p.aborted[e.tx] }

// read returns up to most committed records from an offset on, and the position after them.
func (p *partition) read(from int64, most int) (list []graph.Raw, next int64) {
	stable := p.stable()
	i, _ := slices.BinarySearchFunc(p.entries, from, func(e entry, at int64) int { return int(e.Offset - at) })
	for ; i < len(p.entries); i++ {
		e := &p.entries[i]
		if e.Offset >= stable {
			break
		}
		if !p.visible(e) {
			continue
		}
		if len(list) == most {
			return list, e.Offset
		}
		list = append(list, e.Raw)
	}
	return list, max(from, stable)
}

// last is the offset after the last committed record.
func (p *partition) last() int64 {
	for i := len(p.entries) - 1; i >= 0; i-- {
		if e := &p.entries[i]; p.visible(e) {
			return e.Offset + 1
		}
	}
	return p.start
}

// purge deletes what lies below an offset.
func (p *partition) purge(below int64) {
	p.start = max(p.start, min(below, p.end))
	p.entries = slices.DeleteFunc(p.entries, func(e entry) bool { return e.Offset < p.start })
}

// compact deletes what is settled and of no more use: records that a later one replaces, those of aborted transactions, and
// the ends of transactions. Deletions stay, as they do for a day. Only the last entry is kept in any case.
func (p *partition) compact() {
	stable, latest := p.stable(), map[string]int64{}
	for i := range p.entries {
		if e := &p.entries[i]; e.Offset < stable && p.visible(e) {
			latest[string(e.Key)] = e.Offset
		}
	}
	p.entries = slices.DeleteFunc(p.entries, func(e entry) bool {
		return e.Offset < stable && e.Offset < p.end-1 && (!p.visible(&e) || latest[string(e.Key)] != e.Offset)
	})
}
