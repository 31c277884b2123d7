package runtime

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func openDir(t *testing.T, path, instance string) *stateDir {
	t.Helper()
	d, err := openStateDir(path, instance)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestInstanceLasts(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "deep", "app")
	d := openDir(t, path, "")
	drawn := d.Instance
	d.Workers = 3
	if err := d.save(); err != nil {
		t.Fatal(err)
	}
	if _, err := openStateDir(path, ""); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("opened twice at once: %v", err)
	}
	for _, c := range []struct{ given, want string }{{"", drawn}, {"chosen", "chosen"}, {"", "chosen"}} {
		if err := d.close(); err != nil {
			t.Fatal(err)
		}
		if d = openDir(t, path, c.given); d.Instance != c.want || d.Workers != 3 || c.want == "" {
			t.Errorf("given %q: instance %q with %d workers, want %q and 3", c.given, d.Instance, d.Workers, c.want)
		}
	}
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(path, "instance"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openStateDir(path, ""); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("opened with a damaged file: %v", err)
	}
}

// TestTaskDir: a store is kept for its task only, and is as old as when it was last safe.
func TestTaskDir(t *testing.T) {
	t.Parallel()
	d := openDir(t, t.TempDir(), "")
	defer func() {
		if err := d.close(); err != nil {
			t.Error(err)
		}
	}()
	a, err := d.task(7, "in/0")
	if err != nil {
		t.Fatal(err)
	}
	a.seal.Changelogs["log"] = "id"
	if err := a.save(); err != nil {
		t.Fatal(err)
	}
	row := filepath.Join(a.db(), "row")
	if err := os.MkdirAll(a.db(), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(row, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-48 * time.Hour)
	if err := os.Chtimes(a.file(), old, old); err != nil {
		t.Fatal(err)
	}
	b, err := d.task(7, "in/0")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(seal{Task: "in/0", Changelogs: map[string]string{"log": "id"}}, b.seal); diff != "" || time.Since(b.seen) < 47*time.Hour {
		t.Errorf("opened again, last current at %v (-want +got):\n%s", b.seen, diff)
	}
	if _, err := os.Stat(row); err != nil {
		t.Error(err)
	}
	b.seen = time.Now()
	if err := b.mark(); err != nil {
		t.Fatal(err)
	}
	if b, err = d.task(7, "in/0"); err != nil || time.Since(b.seen) > time.Hour {
		t.Errorf("once marked it was last current at %v (%v)", b.seen, err)
	}
	c, err := d.task(7, "other/0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(row); !os.IsNotExist(err) || len(c.seal.Changelogs) != 0 {
		t.Errorf("another task finds the store (%v) and the seal %v", err, c.seal)
	}
}

// TestStateIsPrivate: stores hold what passes through the topology, so other users of the machine have no business there.
func TestStateIsPrivate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "app")
	d := openDir(t, path, "i")
	t.Cleanup(func() { _ = d.close() })
	if _, err := d.task(0, "x"); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{path, filepath.Join(path, "tasks", "0")} {
		info, err := os.Stat(dir)
		if err != nil {
			t.Fatal(err)
		}
		if others := info.Mode().Perm() & 0o077; others != 0 {
			t.Errorf("%s: mode %v, others may enter", dir, info.Mode())
		}
	}
}
