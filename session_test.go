package millrace_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

const gap = time.Minute

// visits counts clicks by user and session, and joins each count with the site's name: two repartition topics, a session
// store, a table.
func visits(tb testing.TB, app, clicks, sites, out string) *topology.Topology {
	tb.Helper()
	b := topology.New(app)
	names := stream.From(b, topology.NewTopic[string, string](sites)).ToTable(topology.As("names"))
	sessions := stream.From(b, topology.NewTopic[string, string](clicks)).
		GroupBy(func(_, user string) string { return user }, topology.As("by-user")).
		WindowedBySession(window.Session(gap, 24*time.Hour)).
		Count(topology.As("sessions"))
	stream.Changes(sessions).
		MapValues(func(n int64) string { return fmt.Sprint(n) }).
		Map(func(k window.Key[string], n string) (string, string) {
			return siteOf(k.Key), fmt.Sprintf("%s %d %s", k.Key, k.Start, n)
		}).
		Repartition(topology.As("by-site"), topology.Partitions(2)).
		JoinTable(names, func(visit, name string) string { return visit + " " + name }, topology.As("named")).
		To(topology.NewTopic[string, string](out))
	topo, err := b.Build()
	if err != nil {
		tb.Fatal(err)
	}
	return topo
}

func siteOf(user string) string { return "site" + user[len(user)-1:] }

// clicks are those of users that come back for several sessions; want is how long each session gets.
func clicks(n, users int) (records []brokertest.Record, want map[string]int) {
	want = map[string]int{}
	for i := range n {
		user := fmt.Sprint("user", i%users)
		visit, click := i/users/10, i/users%10
		start := time.UnixMilli(1_000_000).Add(time.Duration(visit) * 10 * gap)
		records = append(records, brokertest.Record{Key: fmt.Append(nil, i), Value: []byte(user), Timestamp: start.Add(time.Duration(click) * gap / 2)})
		want[fmt.Sprint(user, " ", start.UnixMilli())]++
	}
	return records, want
}

// TestSessions kills the process in the middle of sessions: each click counts once, in its session, with its site.
func TestSessions(t *testing.T) {
	t.Parallel()
	bootstrap := brokertest.Bootstrap(t)
	app := newApp(t, bootstrap)
	in, out := topics(t, bootstrap, 1, 1)
	sites := brokertest.UniqueName(t, "sites")
	brokertest.Topics(t, bootstrap, brokertest.Topic{Name: sites, Partitions: 2})
	for i := range 10 {
		brokertest.Produce(t, bootstrap, sites, brokertest.Record{Key: fmt.Append(nil, "site", i), Value: fmt.Append(nil, "name", i), Timestamp: time.UnixMilli(1)})
	}
	records, want := clicks(4000, 40)
	k := killed{program: "sessions", app: app, topics: []string{in, sites, out}, results: 1}
	k.run(t, bootstrap, records, 2)
	checkVisits(t, brokertest.All(t, bootstrap, out), want)
}

// checkVisits checks that each session was counted up by one, from one to its length.
func checkVisits(t *testing.T, got []brokertest.Record, want map[string]int) {
	t.Helper()
	last := map[string]int{}
	for _, r := range got {
		var user, name string
		var start int64
		var n int
		if _, err := fmt.Sscan(string(r.Value), &user, &start, &n, &name); err != nil {
			t.Fatalf("offset %d: %q: %v", r.Offset, r.Value, err)
		}
		session := fmt.Sprint(user, " ", start)
		if n != last[session]+1 || strings.TrimPrefix(name, "name") != strings.TrimPrefix(siteOf(user), "site") {
			t.Fatalf("offset %d: %q came after count %d", r.Offset, r.Value, last[session])
		}
		last[session] = n
	}
	if diff := cmp.Diff(want, last); diff != "" {
		t.Errorf("sessions (-want +got):\n%s", diff)
	}
}

// TestSameInstance starts a second process with the first one's instance id and another state directory: the first ends,
// and says why.
func TestSameInstance(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	cfg.InstanceID = "twin"
	in, out := topics(t, cfg.Bootstrap, 2, 1)
	topo := wordCount(t, newApp(t, cfg.Bootstrap), in, out)
	first := start(t, topo, cfg)
	cfg.StateDir = t.TempDir()
	second := start(t, topo, cfg)
	if err := first.wait(); err == nil || !strings.Contains(err.Error(), "same instance id") {
		t.Errorf("the first ended with %v", err)
	}
	brokertest.Produce(t, cfg.Bootstrap, in, lines(100, 10)...)
	brokertest.Consume(t, cfg.Bootstrap, out, 300, longest)
	if err := second.shutdown(); err != nil {
		t.Fatal(err)
	}
	checkCounts(t, brokertest.All(t, cfg.Bootstrap, out), countsOf(100, 10))
	if s := second.State(); s != millrace.StateStopped {
		t.Errorf("the second is %v", s)
	}
}
