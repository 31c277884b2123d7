package millrace_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
)

// TestDamagedStore damages the files of a store while the application is down: they are found out, at the start or when the
// rows are read, the store is made anew from its changelog, and every word is counted once.
func TestDamagedStore(t *testing.T) {
	t.Parallel()
	const vocabulary = 3000 // several blocks of a table
	for _, c := range []struct {
		name    string
		meddle  func(t *testing.T, db string)
		later   bool // found out when rows are read
		unknown bool // taken for an earlier state of the store, which is as good
	}{
		{name: "a byte of a table is another", later: true, meddle: func(t *testing.T, db string) {
			t.Helper()
			rewrite(t, db, "*.sst", func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
		}},
		{name: "a table is lost", meddle: func(t *testing.T, db string) {
			t.Helper()
			rewrite(t, db, "*.sst", nil)
		}},
		{name: "a table is cut off", meddle: func(t *testing.T, db string) {
			t.Helper()
			rewrite(t, db, "*.sst", func(b []byte) []byte { return b[:len(b)/2] })
		}},
		{name: "the manifest is lost", meddle: func(t *testing.T, db string) {
			t.Helper()
			rewrite(t, db, "MANIFEST-*", nil)
		}},
		{name: "the manifest is cut off", unknown: true, meddle: func(t *testing.T, db string) {
			t.Helper()
			rewrite(t, db, "MANIFEST-*", func(b []byte) []byte { return b[:len(b)-10] })
		}},
		{name: "all is lost but the tables", unknown: true, meddle: func(t *testing.T, db string) {
			t.Helper()
			for _, pattern := range []string{"MANIFEST-*", "OPTIONS-*", "marker.*"} {
				rewrite(t, db, pattern, nil)
			}
		}},
		{name: "all is zero", meddle: func(t *testing.T, db string) {
			t.Helper()
			rewrite(t, db, "*", func(b []byte) []byte { return make([]byte, len(b)) })
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := testConfig(t)
			cfg.InstanceID = "me" // not waiting for another's session to end
			in, out := topics(t, cfg.Bootstrap, 1, 1)
			topo := wordCount(t, newApp(t, cfg.Bootstrap), in, out)
			brokertest.Produce(t, cfg.Bootstrap, in, lines(1000, vocabulary)...)
			a := start(t, topo, cfg)
			brokertest.Consume(t, cfg.Bootstrap, out, 3000, longest)
			check(t, a.shutdown())
			db := storeOf(t, cfg)
			c.meddle(t, db)

			log := &journal{t: t}
			cfg.Logger = log.logger()
			a = start(t, topo, cfg)
			if c.later && log.has("a store is damaged") { // in a block that the start has read
				t.Log("the damage was found at the start")
			}
			brokertest.Produce(t, cfg.Bootstrap, in, lines(1000, vocabulary)...)
			brokertest.Consume(t, cfg.Bootstrap, out, 6000, longest)
			check(t, a.shutdown())
			checkCounts(t, brokertest.All(t, cfg.Bootstrap, out), countsOf(2000, vocabulary))
			named := log.has("a store is damaged") && log.has(db)
			if !named && !c.unknown || !log.has("runtime: restored") {
				t.Error("the log does not name the damaged store, or that it was restored")
			}
		})
	}
}

// storeOf is the directory of the one store that has tables.
func storeOf(t *testing.T, cfg millrace.Config) (db string) {
	t.Helper()
	each(t, cfg.StateDir, "task.json", func(path string) {
		dir := filepath.Join(filepath.Dir(path), "db")
		tables, err := filepath.Glob(filepath.Join(dir, "*.sst"))
		check(t, err)
		if len(tables) > 0 {
			db = dir
		}
	})
	if db == "" {
		t.Fatal("no store has a table on disk")
	}
	return db
}

// rewrite changes the files whose names match, or deletes them where change is nil.
func rewrite(t *testing.T, dir, pattern string, change func([]byte) []byte) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	check(t, err)
	changed := 0
	for _, f := range files {
		if change == nil {
			check(t, os.Remove(f))
			changed++
			continue
		}
		old, err := os.ReadFile(f)
		check(t, err)
		b := change(bytes.Clone(old))
		check(t, os.WriteFile(f, b, 0o600))
		if !bytes.Equal(old, b) {
			changed++
		}
	}
	if changed == 0 {
		t.Fatalf("nothing in %s that is named %s was changed", dir, pattern)
	}
}
