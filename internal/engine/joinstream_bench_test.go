package engine_test

import (
	"encoding/binary"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/db/memdb"
	"github.com/millrace-go/millrace/internal/db/pebbledb"
	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// BenchmarkJoinStream joins two streams of 100-byte values: a left record each millisecond, each with a key of its own, and its right
// partner half a second later, but for every tenth, in a window of five seconds with a second of grace. It commits every 20,000
// records, about as many as come in 100 ms.
func BenchmarkJoinStream(b *testing.B) {
	w := window.Joined(5*time.Second, time.Second)
	type bytes = *stream.Stream[string, []byte]
	for _, kind := range []struct {
		name string
		join func(l, r bytes) bytes
	}{
		{"inner", func(l, r bytes) bytes {
			return l.JoinStream(r, w, func(l, _ []byte) []byte { return l }, topology.As("j"))
		}},
		{"left", func(l, r bytes) bytes {
			return l.LeftJoinStream(r, w, func(l, _ []byte, _ bool) []byte { return l }, topology.As("j"))
		}},
		{"outer", func(l, r bytes) bytes {
			return l.OuterJoinStream(r, w, func(l []byte, ok bool, r []byte, _ bool) []byte {
				if !ok {
					return r
				}
				return l
			}, topology.As("j"))
		}},
	} {
		for _, disk := range []string{"memory", "pebble"} {
			b.Run(kind.name+"/store="+disk, func(b *testing.B) {
				top := topology.New("bench")
				l, r := topology.NewTopic[string, []byte]("left"), topology.NewTopic[string, []byte]("right")
				kind.join(stream.From(top, l), stream.From(top, r)).To(topology.NewTopic[string, []byte]("out"))
				joinBench(b, topology.Must(top.Build()), benchDB(b, disk))
			})
		}
	}
}

func benchDB(b *testing.B, disk string) db.DB {
	b.Helper()
	if disk == "memory" {
		return memdb.New()
	}
	cache := pebbledb.NewCache(64 << 20)
	b.Cleanup(cache.Close)
	d, err := pebbledb.Open(b.TempDir(), pebbledb.Options{Cache: cache})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = d.Close() })
	return d
}

func joinBench(b *testing.B, topo *topology.Topology, disk db.DB) {
	b.Helper()
	plan, err := engine.NewPlan(topo.Graph(), func(string) (int32, error) { return 1, nil })
	if err != nil {
		b.Fatal(err)
	}
	results, cpu := 0, time.Duration(0)
	task, err := engine.NewTask(plan.Config(engine.TaskID{}, engine.Config{Disk: disk, Memory: memdb.New(), Emit: func(e *graph.Effect) error {
		if e.Topic.Role == graph.UserTopic {
			results++
		}
		return nil
	}}))
	if err != nil {
		b.Fatal(err)
	}
	check := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	const every, apart = 20_000, 500
	record := func(i int) graph.Raw {
		return graph.Raw{
			Key:   fmt.Appendf(nil, "experiment-1/plate-0042/%08d", i),
			Value: append(binary.BigEndian.AppendUint64(nil, uint64(i)), make([]byte, 92)...), Timestamp: int64(i), Offset: int64(i),
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		b.StopTimer()
		var lefts, rights []graph.Raw
		for range every / 2 {
			lefts = append(lefts, record(i))
			if j := i - apart; j >= 0 && j%10 != 0 {
				r := record(j)
				r.Timestamp, r.Offset = int64(i), int64(i)
				rights = append(rights, r)
			}
			i++
		}
		before := cpuTime()
		b.StartTimer()
		task.Add("left", lefts...)
		task.Add("right", rights...)
		_, err := task.Process(every)
		check(err)
		check(task.Prepare())
		check(task.Commit(nil))
		cpu += cpuTime() - before
	}
	n := float64(task.Counters().Processed)
	b.ReportMetric(n/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(cpu.Nanoseconds())/n, "cpu-ns/record")
	b.ReportMetric(float64(results)/n, "results/record")
}

// cpuTime is what the process has used, collector and compactions included: it holds where other programs share the cores.
func cpuTime() time.Duration {
	var ru syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &ru)
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
}
