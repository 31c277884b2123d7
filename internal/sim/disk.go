package sim

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/db/memdb"
)

// disk is where the databases of an instance lie. What is flushed stays; of what was committed since, a crash leaves a part
// or nothing.
type disk struct {
	mu     sync.Mutex
	images map[string]*image // by path under the state directory
}

// image is what a crash leaves of a database.
type image struct {
	rows  []row
	open  *database // nil: closed
	opens uint64
}

type row struct{ key, value []byte }

// open is the runtime's way to a database, for one life of its process. The directory is real: who deletes it deletes the rows.
func (d *disk) open(p *process, root string, kept float64, path string) (db.DB, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	name := strings.TrimPrefix(path, root)
	im := d.images[name]
	if _, err := os.Stat(path); im == nil || err != nil {
		im = &image{}
		d.images[name] = im
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	if im.open != nil && !im.open.p.dead.Load() {
		return nil, fmt.Errorf("sim: %s is open already", path)
	}
	im.opens++
	seed := im.opens
	for _, c := range name {
		seed = seed*31 + uint64(c)
	}
	b := &database{DB: memdb.New(), p: p, d: d, image: im, kept: kept, rnd: rand.New(rand.NewPCG(p.w.seed, seed))}
	im.open = b
	return b, b.fill()
}

// database is one that has been opened.
type database struct {
	db.DB
	p     *process
	d     *disk
	image *image
	kept  float64
	rnd   *rand.Rand
}

func (b *database) fill() error {
	batch := b.DB.Batch()
	for _, r := range b.image.rows {
		if err := batch.Set(r.key, r.value); err != nil {
			return err
		}
	}
	return batch.Commit()
}

// keep makes what is committed survive.
func (b *database) keep() error {
	it, err := b.Iter(nil, nil)
	if err != nil {
		return err
	}
	var rows []row
	for it.Next() {
		rows = append(rows, row{bytes.Clone(it.Key()), bytes.Clone(it.Value())})
	}
	if err := it.Close(); err != nil {
		return err
	}
	b.d.mu.Lock()
	defer b.d.mu.Unlock()
	if b.image.open == b && !b.p.dead.Load() {
		b.image.rows = rows
	}
	return nil
}

// Flush implements [db.DB].
func (b *database) Flush() error { return b.keep() }

// Close implements [db.DB].
func (b *database) Close() error {
	if err := b.keep(); err != nil {
		return nil // it was closed before
	}
	b.d.mu.Lock()
	defer b.d.mu.Unlock()
	if b.image.open == b {
		b.image.open = nil
	}
	return b.DB.Close()
}

// Batch implements [db.DB].
func (b *database) Batch() db.Batch { return &batch{b.DB.Batch(), b} }

// batch is one after which the database may reach the disk by itself.
type batch struct {
	db.Batch
	b *database
}

// Commit implements [db.Batch].
func (x *batch) Commit() error {
	if err := x.Batch.Commit(); err != nil {
		return err
	}
	if x.b.rnd.Float64() < x.b.kept {
		return x.b.keep()
	}
	return nil
}
