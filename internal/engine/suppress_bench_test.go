package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/millrace-go/millrace/internal/db/memdb"
	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// BenchmarkSuppress takes 100-byte values of 5,000 keys, ten a millisecond, each key every half second: counts by windows of
// two seconds that are held back until they close, and a table held back for a second, so that half of its updates are let
// go. "all" is the same topology without Suppress. It commits every 20,000 records, about as many as come in 100 ms.
func BenchmarkSuppress(b *testing.B) {
	in := topology.NewTopic[string, []byte]("in")
	for _, kind := range []struct {
		name string
		draw func(top *topology.Builder, all bool)
	}{
		{"windows", func(top *topology.Builder, all bool) {
			counts := stream.From(top, in).GroupByKey().WindowedBy(window.Tumbling(2*time.Second, 0)).Count(topology.As("counts"))
			if !all {
				counts = table.SuppressUntilWindowCloses(counts, topology.As("held"))
			}
			counts.To(topology.NewTopic[window.Key[string], int64]("out"))
		}},
		{"limit", func(top *topology.Builder, all bool) {
			rows := table.From(top, in, topology.As("rows"))
			if !all {
				rows = rows.SuppressUntilTimeLimit(time.Second, topology.As("held"))
			}
			rows.To(topology.NewTopic[string, []byte]("out"))
		}},
	} {
		for _, all := range []bool{true, false} {
			for _, disk := range []string{"memory", "pebble"} {
				b.Run(fmt.Sprintf("%s/all=%v/store=%s", kind.name, all, disk), func(b *testing.B) {
					top := topology.New("bench")
					kind.draw(top, all)
					plan, err := engine.NewPlan(topology.Must(top.Build()).Graph(), func(string) (int32, error) { return 1, nil })
					noErrorB(b, err)
					results := 0
					task, err := engine.NewTask(plan.Config(engine.TaskID{}, engine.Config{Disk: benchDB(b, disk), Memory: memdb.New(), Emit: func(e *graph.Effect) error {
						if e.Topic.Role == graph.UserTopic {
							results++
						}
						return nil
					}}))
					noErrorB(b, err)
					keys, value := make([][]byte, 5000), make([]byte, 100)
					for i := range keys {
						keys[i] = fmt.Appendf(nil, "key-%05d", i)
					}
					b.ReportAllocs()
					n := 0
					for b.Loop() {
						task.Add("in", graph.Raw{Key: keys[n*37%len(keys)], Value: value, Timestamp: int64(n / 10), Offset: int64(n)})
						_, err := task.Process(1)
						noErrorB(b, err)
						if n++; n%20_000 == 0 {
							noErrorB(b, task.Prepare())
							noErrorB(b, task.Commit(nil))
						}
					}
					b.ReportMetric(float64(results)/float64(n), "results/record")
				})
			}
		}
	}
}

func noErrorB(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
