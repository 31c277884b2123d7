package testkit

import (
	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/db/memdb"
	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
)

// newGlobals opens the global tables, empty: a test pipes their rows in before the records that are to see them.
func newGlobals(c *cluster) (*engine.Globals, error) {
	cfg := engine.GlobalsConfig{Graph: c.g, Disk: db.Shared(memdb.New()), Memory: db.Shared(memdb.New()), Skipped: c.skip}
	if c.opts.skipErrors {
		cfg.OnDecode = ignore
	}
	return engine.NewGlobals(cfg)
}

// global is a view of the global table of that store; nil if there is none.
func (d *Driver) global(name string) graph.TaskStore {
	d.t.Helper()
	for _, x := range d.topo.Graph().Globals {
		if x.Store.Name == name {
			s, err := d.c.globals.Open(&graph.Context{}, x)
			d.check(name, err)
			return s
		}
	}
	return nil
}
