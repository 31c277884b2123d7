package pebbledb_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace-go/millrace/internal/db/pebbledb"
)

func TestOpenForeign(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		build func(dir string) error
		open  string
		text  string
	}{
		{"a text", func(dir string) error { return os.WriteFile(dir+"/notes.txt", nil, 0o600) }, ".", `"notes.txt"`},
		{"a store of Kafka Streams", func(dir string) error {
			return errors.Join(os.WriteFile(dir+"/CURRENT", nil, 0o600), os.WriteFile(dir+"/000012.sst", nil, 0o600))
		}, ".", `"CURRENT"`},
		{"a directory", func(dir string) error { return os.Mkdir(dir+"/0_1", 0o700) }, ".", `"0_1"`},
		{"a file", func(dir string) error { return os.WriteFile(dir+"/f", nil, 0o600) }, "f", "it is a file"},
		{"below a file", func(dir string) error { return os.WriteFile(dir+"/f", nil, 0o600) }, "f/0_1", "is a file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			if err := c.build(root); err != nil {
				t.Fatal(err)
			}
			before := list(t, root)
			dir := filepath.Join(root, c.open)
			_, err := pebbledb.Open(dir, pebbledb.Options{})
			if !errors.Is(err, pebbledb.ErrForeign) || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("Open: %v, want ErrForeign with %s and %s", err, dir, c.text)
			}
			if after := list(t, root); after != before {
				t.Errorf("files were %s and are %s", before, after)
			}
		})
	}
}

func list(t *testing.T, dir string) string {
	t.Helper()
	names, err := filepath.Glob(dir + "/*")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, " ")
}

const childEnv = "MILLRACE_PEBBLEDB_TEST_OPEN"

// TestMain lets the test start itself as the other process.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		d, err := pebbledb.Open(dir, pebbledb.Options{})
		fmt.Print(errors.Is(err, pebbledb.ErrInUse), " ", err)
		if err == nil {
			_ = d.Close()
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestOpenInUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	child := func() string {
		exe, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), childEnv+"="+dir)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("child: %v: %s", err, out)
		}
		return string(out)
	}
	d := open(t, dir, pebbledb.Options{})
	out := child()
	if !strings.HasPrefix(out, "true pebbledb: "+dir+": in use by another process: stop it") {
		t.Errorf("the other process got %q, want ErrInUse", out)
	}
	_, err := pebbledb.Open(dir, pebbledb.Options{})
	if !errors.Is(err, pebbledb.ErrInUse) || !strings.Contains(err.Error(), "close it first") {
		t.Errorf("second Open: %v, want ErrInUse", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if out := child(); out != "false <nil>" {
		t.Errorf("after Close the other process got %q", out)
	}
}

// DBs that share a cache may be closed before or after it.
func TestCache(t *testing.T) {
	t.Parallel()
	cache := pebbledb.NewCache(8 << 20)
	one := open(t, t.TempDir(), pebbledb.Options{Cache: cache})
	two := open(t, t.TempDir(), pebbledb.Options{Cache: cache})
	for _, c := range []*counter{newCounter(one), newCounter(two)} {
		for range 300 {
			c.commit(t)
		}
		if err := c.db.Flush(); err != nil {
			t.Fatal(err)
		}
		c.check(t)
	}
	if err := one.Close(); err != nil {
		t.Fatal(err)
	}
	cache.Close()
	cache.Close()
	c := newCounter(two)
	c.commit(t)
	c.check(t)
	if err := two.Close(); err != nil {
		t.Fatal(err)
	}
}
