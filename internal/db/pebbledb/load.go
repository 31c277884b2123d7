package pebbledb

import "github.com/millrace-go/millrace/internal/db"

// loadL0 is how many bytes L0 may hold in a load before a compaction begins, and twice that before a writer is held up.
const loadL0 = 256 << 20

// loading is whether very many rows come.
type loading int

const (
	normal loading = iota
	loaded         // they have come, and L0 has yet to shrink to what is normal
	underWay
)

// Load implements [db.Loader]. Rows in no order are written three or four times over by compactions that run while they
// come. Measured with 2.5 million of 126 bytes: of the 4.3 us of CPU that a row took in the end, compactions had 3. So in a
// load the tables pile up in L0, and are compacted when it is over or a quarter of a gigabyte has piled up: 2.6 us, and 2.1
// if large batches are sorted (see loadBatch). That compaction goes on beside what comes next, and until it is through a
// read looks at many tables.
func (d *DB) Load(on bool) error {
	if d.closed {
		return db.ErrClosed
	}
	d.loading, d.spare = on, loadBatch{}
	d.gate.change(func() {
		switch {
		case on:
			d.gate.load = underWay
		case d.gate.load == underWay:
			d.gate.load = loaded
		}
	})
	if on {
		return nil
	}
	d.dirty = true // a flush, even of nothing, makes Pebble ask again how many compactions may run
	return d.Flush()
}

// compactions is how many may run at once. Pebble asks after each flush and compaction.
func (g *gate) compactions() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.load == underWay && g.l0 < loadL0 {
		return 0
	}
	return 1
}

// most is how many bytes L0 may hold while compactions run, before a writer is held up.
func (g *gate) most() int64 {
	if g.load == normal {
		return g.maxL0
	}
	return max(g.maxL0, 2*loadL0)
}

// shrunk ends what a load leaves behind.
func (g *gate) shrunk() {
	if g.load == loaded && g.l0 < g.maxL0 {
		g.load = normal
	}
}
