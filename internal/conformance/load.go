package conformance

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// Load reads the cases of files and folders, in order of name within a folder: *.jsonl, and *.jsonl.gz if compressed.
// A path without any is an error.
func Load(paths ...string) ([]*Case, error) {
	var cases []*Case
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, fmt.Errorf("conformance: %w", err)
		}
		dir, name := p, "."
		if !info.IsDir() {
			dir, name = path.Split(p)
			if dir == "" {
				dir = "."
			}
		}
		more, err := LoadFS(os.DirFS(dir), name)
		if err != nil {
			return nil, err
		}
		if len(more) == 0 {
			return nil, fmt.Errorf("conformance: %s holds no cases: give folders with *.jsonl or *.jsonl.gz files, or such files", p)
		}
		cases = append(cases, more...)
	}
	return cases, nil
}

// LoadFS reads the cases of a file or, not going into folders below, of a folder.
func LoadFS(fsys fs.FS, name string) ([]*Case, error) {
	names := []string{name}
	if entries, err := fs.ReadDir(fsys, name); err == nil {
		names = names[:0]
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".jsonl") || strings.HasSuffix(e.Name(), ".jsonl.gz") {
				names = append(names, path.Join(name, e.Name()))
			}
		}
		slices.Sort(names)
	}
	var cases []*Case
	for _, n := range names {
		f, err := fsys.Open(n)
		if err != nil {
			return nil, fmt.Errorf("conformance: %w", err)
		}
		more, err := read(n, f)
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, err
		}
		cases = append(cases, more...)
	}
	return cases, nil
}

// read reads one file, one case a line.
func read(name string, f io.Reader) ([]*Case, error) {
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewReader(f)
		if err != nil {
			return nil, fmt.Errorf("conformance: %s: %w", name, err)
		}
		f = z
	}
	var cases []*Case
	in := bufio.NewReader(f)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		last := errors.Is(err, io.EOF)
		if err != nil && !last {
			return nil, fmt.Errorf("conformance: %s, line %d: %w", name, n, err)
		}
		if len(bytes.TrimSpace(line)) > 0 {
			c, err := decode(line)
			if err != nil {
				return nil, fmt.Errorf("conformance: %s, line %d: %w", name, n, err)
			}
			cases = append(cases, c)
		}
		if last {
			return cases, nil
		}
	}
}

func decode(line []byte) (*Case, error) {
	c := new(Case)
	if err := json.Unmarshal(line, c); err != nil {
		return nil, err
	}
	steps := len(c.Input)
	if c.Error != nil {
		steps = c.Error.Step + 1
	}
	switch {
	case c.Scenario == "" || c.Name == "":
		return nil, errors.New("a case needs a scenario and a name")
	case len(c.After) != steps || steps > len(c.Input):
		return nil, fmt.Errorf("%s: outputAfter has %d numbers for %d steps", c.Name, len(c.After), steps)
	}
	for i, n := range c.After {
		if n > len(c.Output) || n < 0 || i > 0 && n < c.After[i-1] {
			return nil, fmt.Errorf("%s: outputAfter[%d] is %d, and there are %d records", c.Name, i, n, len(c.Output))
		}
	}
	if steps > 0 && c.After[steps-1] != len(c.Output) {
		return nil, fmt.Errorf("%s: outputAfter ends with %d, and there are %d records", c.Name, c.After[steps-1], len(c.Output))
	}
	return c, nil
}
