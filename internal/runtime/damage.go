package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/millrace-go/millrace/internal/db/pebbledb"
)

// maxRebuilds is how many damaged stores a worker makes anew before its disk is not to be trusted.
const maxRebuilds = 10

// condemn says whether err is that the store in dir is damaged, and if so has it made anew, from its changelogs, the next time
// that dir is opened.
func (r *Runtime) condemn(dir *taskDir, err error) bool {
	damaged, ok := errors.AsType[*pebbledb.DamagedError](err)
	if !ok || dir == nil || damaged.Dir != dir.db() {
		return false
	}
	r.log.Warn("runtime: a store is damaged: it is deleted and made anew from its changelogs (one without a changelog begins empty): "+
		"look at the disk if this comes again", "dir", damaged.Dir, "task", dir.seal.Task, "cause", damaged.Err.Error()) // its %+v has stacks
	dir.seal.Task = "" // nobody's
	if err := dir.save(); err != nil {
		r.log.Error("runtime: a damaged store cannot be marked: delete it by hand: "+err.Error(), "dir", damaged.Dir)
		return false
	}
	return true
}

// rebuild gets over a damaged store. All tasks of the worker are closed, and opened again from what the broker says: the
// damage may have been found when a commit stood already and only part of the tasks had their share of it.
func (w *worker) rebuild(ctx context.Context, cause error) error {
	w.takeBack(ctx)
	found := false
	for _, t := range w.tasks {
		if t.disk != nil && w.rt.condemn(t.dir, cause) {
			_ = t.disk.Close() // its error is the damage
			t.disk, found = nil, true
		}
	}
	if g := w.rt.globals.Load(); g != nil && !found {
		w.rt.condemn(g.dir, cause) // every worker reads it: the next start has it anew
	}
	if w.rebuilds++; !found || w.rebuilds > maxRebuilds {
		return fmt.Errorf("runtime: a store is damaged: %w", cause)
	}
	if err := w.fetcher.Assign(nil); err != nil {
		return err
	}
	clear(w.sources)
	w.release(slices.Clone(w.tasks))
	return nil
}
