package runtime

import (
	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/db/pebbledb"
)

// openDB opens the rows under a task's stores, or under the global tables. A simulation has a disk of its own, of which it
// knows what a crash leaves.
func (r *Runtime) openDB(dir string) (db.DB, error) {
	if r.cfg.OpenDB != nil {
		return r.cfg.OpenDB(dir)
	}
	return pebbledb.Open(dir, pebbledb.Options{Cache: r.cache, Logger: r.log})
}
