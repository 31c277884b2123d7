package sim

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/transport"
	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// gap ends a visit.
const gap = time.Minute

// Visits counts the clicks of each user's sessions, and joins each count with the name of a site: two repartition topics, a
// session store, a table from a topic. A session's counts come one by one, and each is named.
func Visits() Job {
	const users, sites, length = 6, 6, 4
	return Job{
		Name:    "visits",
		Topics:  []transport.TopicSpec{{Name: "clicks", Partitions: 2}, {Name: "sites", Partitions: 2}, {Name: "out", Partitions: 1}},
		Sources: []string{"clicks", "sites"},
		Build: func(app string) (*topology.Topology, error) {
			b := topology.New(app)
			names := stream.From(b, topology.NewTopic[string, string]("sites")).ToTable(topology.As("names"))
			sessions := stream.From(b, topology.NewTopic[string, string]("clicks")).
				GroupBy(func(_, user string) string { return user }, topology.As("by-user"), topology.Partitions(2)).
				WindowedBySession(window.Session(gap, 24*time.Hour)).
				Count(topology.As("sessions"))
			stream.Changes(sessions).
				MapValues(func(n int64) string { return fmt.Sprint(n) }).
				Map(func(k window.Key[string], n string) (string, string) {
					return "site" + k.Key[len(k.Key)-1:], fmt.Sprintf("%s %d %s", k.Key, k.Start, n)
				}).
				Repartition(topology.As("by-site"), topology.Partitions(2)).
				JoinTable(names, func(visit, name string) string { return visit + " " + name }, topology.As("named")).
				To(topology.NewTopic[string, string]("out"))
			return b.Build()
		},
		Records: 100,
		Record: func(i int, _ *rand.Rand) Input {
			if i < sites {
				return Input{Topic: "sites", Key: fmt.Append(nil, "site", i), Value: fmt.Append(nil, "name", i), Timestamp: 1}
			}
			i -= sites
			user := i % users
			visit, click := i/users/length, i/users%length
			at := time.UnixMilli(1_000_000).Add(time.Duration(visit)*10*gap + time.Duration(click)*gap/2)
			return Input{Topic: "clicks", Key: fmt.Append(nil, user), Value: fmt.Append(nil, "user", user), Timestamp: at.UnixMilli()}
		},
		Settled: sites,
		Check: func(in map[string][]graph.Raw, out []graph.Raw) error {
			want, last, first := map[string]int{}, map[string]int64{}, map[string]int64{}
			for _, r := range in["clicks"] {
				user := string(r.Value)
				if at, ok := last[user]; !ok || r.Timestamp-at > gap.Milliseconds() {
					first[user] = r.Timestamp
				}
				last[user] = r.Timestamp
				want[fmt.Sprint(user, " ", first[user])]++
			}
			got := map[string]int{}
			for _, r := range out {
				var user, name string
				var start int64
				var n int
				if _, err := fmt.Sscan(string(r.Value), &user, &start, &n, &name); err != nil {
					return fmt.Errorf("offset %d: %q: %w", r.Offset, r.Value, err)
				}
				session := fmt.Sprint(user, " ", start)
				if n != got[session]+1 || strings.TrimPrefix(name, "name") != strings.TrimPrefix(string(r.Key), "site") {
					return fmt.Errorf("offset %d: %q came after count %d", r.Offset, r.Value, got[session])
				}
				got[session] = n
			}
			return same(want, got)
		},
	}
}
