package pebbledb_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/millrace-go/millrace/internal/db/pebbledb"
)

const damageRows = 1000

func damageRow(i int) (key, value string) {
	return fmt.Sprintf("key/%05d", i), fmt.Sprint(i, strings.Repeat("v", 100))
}

// An altered, shortened or missing file gives ErrDamaged, from Open or from the read that meets it, or does not matter, or
// leaves the rows up to an earlier commit (a manifest's last edits cannot be told from unfinished ones), which a task
// restores from there. It never gives other rows and never a panic.
func TestDamage(t *testing.T) {
	t.Parallel()
	good := vfs.NewCrashableMem()
	d := open(t, "state/7", pebbledb.Options{FS: good})
	for i := range damageRows {
		b := d.Batch()
		k, v := damageRow(i)
		if err := errors.Join(b.Set([]byte(k), []byte(v)), b.Commit()); err != nil {
			t.Fatal(err)
		}
		if i%350 == 0 {
			if err := d.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := good.List("state/7")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	rng := rand.New(rand.NewPCG(7, 0))
	noticed := map[string]int{}
	for _, f := range files {
		for try := range 12 {
			fs := good.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rng})
			what := f + " " + damage(t, fs, "state/7/"+f, try, rng)
			noticed[readDamaged(t, fs, what)]++
		}
	}
	t.Logf("noticed: %v", noticed)
	for _, where := range []string{"by Open", "by a read"} {
		if noticed[where] == 0 {
			t.Errorf("no damage was noticed %s", where)
		}
	}
}

// damage does one thing to a file and says what.
func damage(t *testing.T, fs vfs.FS, path string, try int, rng *rand.Rand) string {
	t.Helper()
	file, err := fs.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(file)
	if err := errors.Join(err, file.Close(), fs.Remove(path)); err != nil {
		t.Fatal(err)
	}
	var what string
	switch at := rng.IntN(len(content) + 1); {
	case try == 0:
		return "removed"
	case try == 1 || at == len(content):
		what, content = "emptied", nil
	case try < 5:
		what, content = fmt.Sprint("cut at ", at), content[:at]
	default:
		what, content = fmt.Sprint("altered at ", at), bytes.Clone(content)
		content[at] ^= byte(1 + rng.IntN(255))
	}
	file, err = fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.Write(content)
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	return what
}

// readDamaged reads everything in every way, and says where the damage was noticed.
func readDamaged(t *testing.T, fs vfs.FS, what string) string {
	t.Helper()
	check := func(err error) {
		t.Helper()
		text := "pebbledb: state/7: damaged: stop the program and delete the directory"
		if !errors.Is(err, pebbledb.ErrDamaged) || !strings.HasPrefix(err.Error(), text) {
			t.Errorf("%s: %v, want ErrDamaged with the directory and the fix", what, err)
		}
	}
	d, err := pebbledb.Open("state/7", pebbledb.Options{FS: fs})
	if err != nil {
		check(err)
		return "by Open"
	}
	defer d.Close()
	found, failed := 0, 0
	for i := range damageRows {
		if failed == 1 {
			break // Pebble looks for a single altered bit each time, which is slow
		}
		k, want := damageRow(i)
		v, ok, err := d.Get([]byte(k))
		switch {
		case err != nil:
			check(err)
			failed++
		case ok && (string(v) != want || found < i && failed == 0):
			t.Fatalf("%s: row %d is %.20q, after %d rows", what, i, v, found)
		case ok:
			found++
		}
	}
	n := 0
	it, err := d.Iter(nil, nil)
	if err == nil {
		for ; it.Next(); n++ {
		}
		err = errors.Join(it.Err(), it.Close())
	}
	switch {
	case err != nil:
		check(err)
		return "by a read"
	case failed > 0:
		return "by a read"
	case found != n:
		t.Errorf("%s: %d rows by Get, %d by Iter", what, found, n)
	case found < damageRows:
		return "as an earlier commit"
	}
	return "nowhere"
}
