package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/millrace-go/millrace/internal/db/memdb"
	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// BenchmarkWindows counts records of 1,000 keys, one a millisecond, each tenth of them up to a second late, in windows of ten
// seconds; "final" forwards a window when it closes. It commits every 10,000 records.
func BenchmarkWindows(b *testing.B) {
	const keys, size, grace = 1000, 10 * time.Second, time.Second
	for _, kind := range []struct {
		name string
		w    window.TimeWindow
		opts []topology.Option
	}{
		{"tumbling", window.Tumbling(size, grace), nil},
		{"tumbling-final", window.Tumbling(size, grace), []topology.Option{topology.EmitOnWindowClose()}},
		{"hopping", window.Hopping(size, size/5, grace), nil},
		{"sliding", window.Sliding(size, grace), nil},
		{"sliding-final", window.Sliding(size, grace), []topology.Option{topology.EmitOnWindowClose()}},
		{"session-final", window.TimeWindow{}, []topology.Option{topology.EmitOnWindowClose()}},
	} {
		for _, disk := range []string{"memory", "pebble"} {
			b.Run(kind.name+"/store="+disk, func(b *testing.B) {
				top := topology.New("bench")
				in, out := topology.NewTopic[string, int64]("in"), topology.NewTopic[window.Key[string], int64]("out")
				groups := stream.From(top, in).GroupByKey()
				opts := append(kind.opts, topology.As("counts"))
				if kind.w == (window.TimeWindow{}) {
					stream.Changes(groups.WindowedBySession(window.Session(size/20, grace)).Count(opts...)).To(out)
				} else {
					stream.Changes(groups.WindowedBy(kind.w).Count(opts...)).To(out)
				}
				plan, err := engine.NewPlan(topology.Must(top.Build()).Graph(), func(string) (int32, error) { return 1, nil })
				check := func(err error) {
					if err != nil {
						b.Fatal(err)
					}
				}
				check(err)
				results := 0
				task, err := engine.NewTask(plan.Config(engine.TaskID{}, engine.Config{Disk: benchDB(b, disk), Memory: memdb.New(), Emit: func(e *graph.Effect) error {
					if e.Topic.Role == graph.UserTopic {
						results++
					}
					return nil
				}}))
				check(err)
				const every = 10_000
				b.ReportAllocs()
				b.ResetTimer()
				cpu := time.Duration(0)
				for i := 0; i < b.N; {
					b.StopTimer()
					var recs []graph.Raw
					for range every {
						at := int64(i)
						if i%10 == 0 {
							at = max(0, at-int64(i*7919%1000))
						}
						recs = append(recs, graph.Raw{
							Key: fmt.Appendf(nil, "plate-0042/%04d", i*7919%keys), Value: make([]byte, 8), Timestamp: at, Offset: int64(i),
						})
						i++
					}
					before := cpuTime()
					b.StartTimer()
					task.Add("in", recs...)
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
			})
		}
	}
}
