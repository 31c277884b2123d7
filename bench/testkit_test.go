package bench_test

import (
	"testing"
	"time"

	"github.com/millrace-go/millrace/bench"
	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/db/pebbledb"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// BenchmarkTestkit runs the job as a unit test does: one record after the other, each with all that it leads to, and a commit
// after each task's part. It is what Kafka Streams' TopologyTestDriver does with the same job (make bench-ttd runs both).
func BenchmarkTestkit(b *testing.B) {
	for _, codec := range []struct {
		name string
		make func(string, bench.Names) (*topology.Topology, error)
	}{{"hand", bench.ByHand}, {"reflection", bench.ByReflection}} {
		for _, disk := range []string{"memory", "pebble"} {
			b.Run("codec="+codec.name+"/store="+disk, func(b *testing.B) {
				topo, err := codec.make("bench", names)
				if err != nil {
					b.Fatal(err)
				}
				opts := []testkit.Option{testkit.Once()}
				if disk == "pebble" {
					opts = append(opts, testkit.Disk(func() (db.DB, error) { return openPebble(b) }))
				}
				pipePlates(b, testkit.New(b, topo, opts...))
			})
		}
	}
}

func openPebble(b *testing.B) (db.DB, error) {
	b.Helper()
	cache := pebbledb.NewCache(64 << 20)
	d, err := pebbledb.Open(b.TempDir(), pebbledb.Options{Cache: cache})
	if err != nil {
		return nil, err
	}
	b.Cleanup(func() {
		if err := d.Close(); err != nil {
			b.Error(err)
		}
		cache.Close()
	})
	return d, nil
}

func pipePlates(b *testing.B, d *testkit.Driver) {
	b.Helper()
	b.ReportAllocs()
	b.ResetTimer()
	b.StopTimer()
	total, cpu := 0, time.Duration(0)
	start := time.Now().UnixMilli()
	for p := 0; total < b.N; p++ {
		if p%2 == 0 {
			e, err := bench.MetadataEvent(p, start-3_600_000)
			if err != nil {
				b.Fatal(err)
			}
			d.PipeBytes(names.Metadata, e.Key, e.Value, e.TS)
		}
		events, err := bench.PlateEvents(p, start, false)
		if err != nil {
			b.Fatal(err)
		}
		before := cpuTime()
		b.StartTimer()
		for _, e := range events {
			d.PipeBytes(names.Images, e.Key, e.Value, e.TS)
		}
		b.StopTimer()
		cpu += cpuTime() - before
		total += len(events)
		if got, want := len(d.Produced()), (p+1)*bench.SitesPerPlate; got != want {
			b.Fatalf("%d sites complete, want %d", got, want)
		}
	}
	b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "images/s")
	b.ReportMetric(float64(cpu.Nanoseconds())/float64(total), "cpu-ns/image")
	b.ReportMetric(0, "ns/op")
}
