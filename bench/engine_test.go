package bench_test

import (
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/millrace-go/millrace/bench"
	"github.com/millrace-go/millrace/internal/db/memdb"
	"github.com/millrace-go/millrace/internal/db/pebbledb"
	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/topology"
)

var names = bench.Names{Images: "images", Metadata: "metadata", Sites: "sites"}

// BenchmarkEngine drives the job's three sub-topologies as three tasks on one core, codecs included; what Kafka would
// carry between them is copied as Kafka's client would.
func BenchmarkEngine(b *testing.B) {
	for _, codec := range []struct {
		name string
		make func(string, bench.Names) (*topology.Topology, error)
	}{{"hand", bench.ByHand}, {"reflection", bench.ByReflection}} {
		for _, disk := range []string{"memory", "pebble"} {
			for _, order := range []string{"seq", "shuf"} {
				b.Run("codec="+codec.name+"/store="+disk+"/order="+order, func(b *testing.B) {
					topo, err := codec.make("bench", names)
					if err != nil {
						b.Fatal(err)
					}
					run(b, topo, disk, order == "shuf")
				})
			}
		}
	}
}

const platesPerRound = 10

func run(b *testing.B, topo *topology.Topology, disk string, shuffled bool) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	plan, err := engine.NewPlan(topo.Graph(), func(string) (int32, error) { return 1, nil })
	if err != nil {
		b.Fatal(err)
	}
	d := newDriver(b, plan, disk)
	b.ReportAllocs()
	b.ResetTimer()
	b.StopTimer()
	total, cpu := 0, time.Duration(0)
	start := time.Now().UnixMilli()
	for i := 0; total < b.N; i++ {
		var recs []graph.Raw
		for p := i * platesPerRound; p < (i+1)*platesPerRound; p++ {
			if p%2 == 0 {
				e, err := bench.MetadataEvent(p, start-3_600_000)
				if err != nil {
					b.Fatal(err)
				}
				d.feed(b, "metadata", []graph.Raw{{Key: e.Key, Value: e.Value, Timestamp: e.TS}})
			}
			events, err := bench.PlateEvents(p, start, shuffled)
			if err != nil {
				b.Fatal(err)
			}
			for _, e := range events {
				recs = append(recs, graph.Raw{Key: e.Key, Value: e.Value, Timestamp: e.TS, Offset: int64(len(recs))})
			}
		}
		before := cpuTime()
		b.StartTimer()
		d.feed(b, "images", recs)
		d.commit(b)
		b.StopTimer()
		cpu += cpuTime() - before
		total += len(recs)
		if want := (i + 1) * platesPerRound * bench.SitesPerPlate; d.sites != want {
			b.Fatalf("%d sites complete, want %d", d.sites, want)
		}
	}
	b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "images/s")
	b.ReportMetric(float64(cpu.Nanoseconds())/float64(total), "cpu-ns/image")
	b.ReportMetric(0, "ns/op")
}

// cpuTime is what the process has used, collector and compactions included: it holds where other programs share the cores.
func cpuTime() time.Duration {
	var ru syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &ru)
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
}

// driver is tasks with queues between them, committing every 100 ms.
type driver struct {
	tasks   []*engine.Task
	reader  map[*graph.Topic]int
	topics  map[string]int
	inbox   map[*graph.Topic][]graph.Raw
	arena   *strings.Builder
	last    time.Time
	sites   int
	offsets int64
}

func newDriver(b *testing.B, plan *engine.Plan, disk string) *driver {
	d := &driver{reader: map[*graph.Topic]int{}, topics: map[string]int{}, inbox: map[*graph.Topic][]graph.Raw{}, last: time.Now(), arena: &strings.Builder{}}
	cache := pebbledb.NewCache(64 << 20)
	b.Cleanup(cache.Close)
	for i, id := range plan.Tasks() {
		store := memdb.New()
		if disk == "pebble" {
			var err error
			if store, err = pebbledb.Open(b.TempDir(), pebbledb.Options{Cache: cache}); err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = store.Close() })
		}
		t, err := engine.NewTask(plan.Config(id, engine.Config{Disk: store, Memory: memdb.New(), Emit: d.emit}))
		if err != nil {
			b.Fatal(err)
		}
		d.tasks = append(d.tasks, t)
		for _, tp := range plan.Sources(id) {
			d.reader[tp] = i
			d.topics[tp.FullName("")] = i
		}
	}
	return d
}

func (d *driver) emit(e *graph.Effect) error {
	if e.Topic.Role == graph.UserTopic {
		d.sites++
		return nil
	}
	if e.Topic.Role == graph.Changelog {
		return nil
	}
	d.offsets++
	d.inbox[e.Topic] = append(d.inbox[e.Topic], graph.Raw{Key: d.copy(e.Key), Value: d.copy(e.Value), Timestamp: e.Timestamp, Offset: d.offsets})
	return nil
}

// copy is a copy as the client makes it, which does not clear its memory first; so a Builder's.
func (d *driver) copy(b []byte) []byte {
	if b == nil {
		return nil
	}
	if d.arena.Cap()-d.arena.Len() < len(b) {
		d.arena = &strings.Builder{}
		d.arena.Grow(max(256<<10, len(b)))
	}
	from := d.arena.Len()
	d.arena.Write(b)
	s := d.arena.String()[from:]
	return unsafe.Slice(unsafe.StringData(s), len(s))
}

const batch = 1000

func (d *driver) feed(b *testing.B, topic string, recs []graph.Raw) {
	for len(recs) > 0 {
		n := min(batch, len(recs))
		t := d.tasks[d.topics[topic]]
		t.Add(topic, recs[:n]...)
		recs = recs[n:]
		if _, err := t.Process(n); err != nil {
			b.Fatal(err)
		}
		d.drain(b)
		if time.Since(d.last) > 100*time.Millisecond {
			d.commit(b)
		}
	}
}

func (d *driver) drain(b *testing.B) {
	for again := true; again; {
		again = false
		for tp, recs := range d.inbox {
			if len(recs) == 0 {
				continue
			}
			again = true
			d.inbox[tp] = recs[:0]
			t := d.tasks[d.reader[tp]]
			t.Add(tp.FullName(""), recs...)
			if _, err := t.Process(len(recs)); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func (d *driver) commit(b *testing.B) {
	for _, t := range d.tasks {
		if err := t.Prepare(); err != nil {
			b.Fatal(err)
		}
	}
	d.drain(b)
	for _, t := range d.tasks { // what the first round sent on
		if err := t.Prepare(); err != nil {
			b.Fatal(err)
		}
		if err := t.Commit(nil); err != nil {
			b.Fatal(err)
		}
	}
	d.last = time.Now()
}
