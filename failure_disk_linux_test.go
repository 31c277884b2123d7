package millrace_test

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
)

// TestDiskFull fills the disk under the stores: the application ends, and says what to do. Once there is room it goes on where it
// was, and every key is counted once.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	const n = 6000
	cfg := testConfig(t)
	cfg.InstanceID = "me" // not waiting for another's session to end
	mount(t, cfg.StateDir, "size=3m")
	in, out := topics(t, cfg.Bootstrap, 2, 1)
	b := topology.New(newApp(t, cfg.Bootstrap))
	counts := stream.From(b, topology.NewTopic[string, string](in)).GroupByKey().Count(topology.As("counts"))
	stream.Changes(counts).To(topology.NewTopic[string, int64](out))
	topo, err := b.Build()
	check(t, err)
	records, want := longKeys(n)
	a := start(t, topo, cfg)
	brokertest.Produce(t, cfg.Bootstrap, in, records...)
	err = a.wait()
	for _, text := range []string{cfg.StateDir, "disk full", "make room"} {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("the application ended with %v, and %q is not in it", err, text)
		}
	}
	fill(t, cfg.StateDir)
	refused(t, topo, cfg, "no space left", "make room", cfg.StateDir)

	mount(t, cfg.StateDir, "remount,size=64m")
	check(t, os.Remove(filepath.Join(cfg.StateDir, "filler")))
	a = start(t, topo, cfg)
	brokertest.Produce(t, cfg.Bootstrap, in, records...)
	brokertest.Consume(t, cfg.Bootstrap, out, 2*n, longest)
	check(t, a.shutdown())
	for key := range want {
		want[key] = 2
	}
	checkCounts(t, brokertest.All(t, cfg.Bootstrap, out), want)
}

// longKeys makes n records with keys of 1,000 bytes that do not compress well.
func longKeys(n int) (records []brokertest.Record, want map[string]int64) {
	rnd := rand.New(rand.NewPCG(1, 2))
	want = map[string]int64{}
	for range n {
		b := make([]byte, 500)
		for i := 0; i+8 <= len(b); i += 8 {
			binary.LittleEndian.PutUint64(b[i:], rnd.Uint64())
		}
		key := hex.EncodeToString(b)
		want[key] = 1
		records = append(records, brokertest.Record{Key: []byte(key), Value: []byte("v")})
	}
	return records, want
}

// mount puts a small disk at dir until the test ends, or changes its size.
func mount(t *testing.T, dir, options string) {
	t.Helper()
	flags := uintptr(0)
	if rest, again := strings.CutPrefix(options, "remount,"); again {
		flags, options = syscall.MS_REMOUNT, rest
	}
	err := syscall.Mount("tmpfs", dir, "tmpfs", flags, options)
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		t.Skip("a small disk is mounted by root only")
	}
	check(t, err)
	if flags == 0 {
		t.Cleanup(func() {
			if err := syscall.Unmount(dir, 0); err != nil {
				t.Errorf("unmount %s: %v", dir, err)
			}
		})
	}
}

// fill takes all the room there is.
func fill(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "filler"))
	check(t, err)
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}
