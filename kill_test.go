package millrace_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/internal/proctest"
	"github.com/millrace-go/millrace/topology"
)

func TestMain(m *testing.M) {
	proctest.Main(programs)
	flag.Parse()
	if p := flag.Lookup("test.parallel"); p.Value.String() == p.DefValue {
		_ = p.Value.Set("8") // the tests wait for brokers more than they work
	}
	os.Exit(m.Run())
}

// noTest lets helpers of tests run outside one.
type noTest struct{ testing.TB }

func (noTest) Helper()           {}
func (noTest) Fatal(args ...any) { fmt.Println(args...); os.Exit(1) }

// programs are topologies in processes of their own. Arguments: application id, state directory, bootstrap, topics.
var programs = map[string]proctest.Program{
	"words":               runs(words, 0),
	"words with standbys": runs(words, 1),
	"sessions": runs(func(t testing.TB, app string, topics []string) *topology.Topology {
		return visits(t, app, topics[0], topics[1], topics[2])
	}, 0),
}

func words(t testing.TB, app string, topics []string) *topology.Topology {
	return wordCount(t, app, topics[0], topics[1])
}

func runs(draw func(tb testing.TB, app string, topics []string) *topology.Topology, standbys int) proctest.Program {
	return func(ctx context.Context, args []string) error {
		return millrace.Run(ctx, draw(noTest{}, args[0], args[3:]), millrace.Config{
			Bootstrap: args[2], StateDir: args[1], Workers: 2, ReplicationFactor: 1, SessionTimeout: 6 * time.Second, Standbys: standbys,
			OnState: func(s millrace.State) { fmt.Println(s) },
		})
	}
}

// TestKill kills the process without warning, three times in the middle of its work: every word is counted once. What it
// works on is written while it works, so that both halves of the topology are busy when it dies.
func TestKill(t *testing.T) {
	t.Parallel()
	const n, vocabulary = 9000, 300
	bootstrap := brokertest.Bootstrap(t)
	app := newApp(t, bootstrap)
	in, out := topics(t, bootstrap, 4, 2)
	killed{program: "words", app: app, topics: []string{in, out}, results: 3}.run(t, bootstrap, lines(n, vocabulary), 3)
	checkCounts(t, brokertest.All(t, bootstrap, out), countsOf(n, vocabulary))
}

// killed is a topology whose process is killed while it works.
type killed struct {
	program, app string
	topics       []string // the first is fed, the last holds the results
	results      int      // for each record
}

// run feeds records in portions, and kills the process in the middle of each. It returns when all results are there and
// the last process has stopped in peace.
func (k killed) run(t *testing.T, bootstrap string, records []brokertest.Record, kills int) {
	t.Helper()
	dir, in, out := t.TempDir(), k.topics[0], k.topics[len(k.topics)-1]
	portion := len(records) / kills
	launch := func() *proctest.Process {
		p := proctest.Start(t, k.program, append([]string{k.app, dir, bootstrap}, k.topics...)...)
		p.AwaitLine(millrace.StateRunning.String())
		return p
	}
	for i := range kills {
		p := launch()
		wait := brokertest.Feed(t, bootstrap, in, 20, records[i*portion:(i+1)*portion])
		brokertest.AwaitEnd(t, bootstrap, out, int64(k.results*(i*portion+portion/2)), longest)
		p.Kill()
		wait()
	}
	last := launch()
	brokertest.Consume(t, bootstrap, out, k.results*portion*kills, longest)
	if err := last.Stop(); err != nil {
		t.Errorf("the last process: %v", err)
	}
}
