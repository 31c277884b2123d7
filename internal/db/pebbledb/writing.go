package pebbledb

import "sync"

// writing are the files that are open for writing. Pebble leaves one open whose last sync failed, so that a disk that was full
// could not be unmounted while the process lives.
type writing struct {
	mu    sync.Mutex
	files map[*file]struct{}
}

func (w *writing) add(f *file) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.files == nil {
		w.files = map[*file]struct{}{}
	}
	w.files[f] = struct{}{}
}

func (w *writing) remove(f *file) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.files, f)
}

// closeRest is called once Pebble is closed.
func (w *writing) closeRest() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for f := range w.files {
		_ = f.File.Close() // what it holds was given up
	}
	w.files = nil
}
