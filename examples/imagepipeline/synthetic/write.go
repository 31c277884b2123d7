package synthetic

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
)

// Made is what Write has made.
type Made struct {
	Folders []string // of the plates, as in Options.Plates
	Images  int      // files written
	Missing []string // paths of the images that were left out
}

// Write makes the plates below dir, one folder for each experiment and in it one
// for each plate. Writing the same plates again replaces them, file for file,
// whatever the seed. It stops at the first error, and when ctx ends.
func Write(ctx context.Context, dir string, opts Options) (Made, error) {
	opts, err := opts.complete()
	if err != nil {
		return Made{}, err
	}
	var made Made
	for _, p := range opts.Plates {
		w := plateWriter{plate: p, opts: opts, lab: newLab(p, opts), folder: filepath.Join(dir, p.Experiment, p.Name)}
		if err := os.MkdirAll(w.folder, 0o755); err != nil {
			return made, fmt.Errorf("synthetic: %w", err)
		}
		missing, err := w.write(ctx)
		if err != nil {
			return made, err
		}
		made.Folders = append(made.Folders, w.folder)
		made.Missing = append(made.Missing, missing...)
		made.Images += opts.perPlate() - len(missing)
	}
	return made, nil
}

type plateWriter struct {
	plate  Plate
	opts   Options
	lab    lab
	folder string
}

// write makes the wells in parallel: most of the time goes into creating files.
func (w *plateWriter) write(ctx context.Context) ([]string, error) {
	missing := w.missing()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(w.opts.Wells)) {
		workers.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(w.opts.Wells) {
					return
				}
				if err := w.well(w.opts.Wells[i], missing); err != nil {
					stop(err)
				}
			}
		})
	}
	workers.Wait()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("synthetic: plate %s: %w", w.folder, context.Cause(ctx))
	}
	var paths []string
	for _, well := range w.opts.Wells {
		for site := 1; site <= w.opts.Sites; site++ {
			for channel := range Stains {
				if path := w.path(well, site, channel+1); missing[path] {
					paths = append(paths, path)
				}
			}
		}
	}
	return paths, nil
}

func (w *plateWriter) well(well string, missing map[string]bool) error {
	size, c := w.opts.Size, w.lab.condition(well)
	light, pix := make([]float64, size*size), make([]uint16, size*size)
	var file []byte
	for site := 1; site <= w.opts.Sites; site++ {
		rng := random(w.opts.Seed, w.plate.Experiment, w.plate.Name, well, strconv.Itoa(site))
		cells := grow(rng, size, c.alive)
		for channel := range Stains {
			render(light, size, cells, &stains[channel], c.bright[channel])
			expose(rng, light, pix)
			path := w.path(well, site, channel+1)
			if missing[path] {
				// A run before this one may have written it.
				if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return err
				}
				continue
			}
			file = appendTIFF(file[:0], size, size, pix)
			if err := os.WriteFile(path, file, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// missing draws the images to leave out.
func (w *plateWriter) missing() map[string]bool {
	rng := random(w.opts.Seed, w.plate.Experiment, w.plate.Name, "missing")
	missing := map[string]bool{}
	for _, i := range rng.Perm(w.opts.perPlate())[:w.opts.Missing] {
		channel, i := i%len(Stains), i/len(Stains)
		site, i := i%w.opts.Sites, i/w.opts.Sites
		missing[w.path(w.opts.Wells[i], site+1, channel+1)] = true
	}
	return missing
}

// path is an image's, with a GUID as the instrument adds one. It is made from
// the name alone, so that a second run finds the files of the first.
func (w *plateWriter) path(well string, site, channel int) string {
	name := fmt.Sprintf("%s_%s_s%d_w%d", w.plate.Name, well, site, channel)
	h := fnv.New128a()
	_, _ = h.Write([]byte(w.plate.Experiment + "/" + name)) // a hash never fails
	g := h.Sum(nil)
	return filepath.Join(w.folder, fmt.Sprintf("%s%X-%X-%X-%X-%X.tif", name, g[:4], g[4:6], g[6:8], g[8:10], g[10:]))
}
