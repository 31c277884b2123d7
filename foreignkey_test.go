package millrace_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
)

// customer is the foreign key of an order, what stands before its colon; nil: the order has none.
func customer(order string) []byte {
	name, _, found := strings.Cut(order, ":")
	if !found {
		return nil
	}
	return []byte(name)
}

// A left foreign-key join over partitions of both sides ends as its definition says, in whatever order its internal topics
// bring subscriptions and answers, those of rows without a foreign key included.
func TestLeftForeignKeyJoin(t *testing.T) {
	t.Parallel()
	for _, guarantee := range []millrace.Guarantee{millrace.ExactlyOnce, millrace.AtLeastOnce} {
		t.Run(guarantee.String(), func(t *testing.T) {
			t.Parallel()
			cfg := testConfig(t)
			cfg.Guarantee = guarantee
			orders, out := topics(t, cfg.Bootstrap, 3, 1)
			customers, _ := topics(t, cfg.Bootstrap, 2, 1)
			b := topology.New(newApp(t, cfg.Bootstrap))
			names := table.From(b, topology.NewTopic[[]byte, string](customers))
			table.From(b, topology.NewTopic[string, string](orders)).
				LeftForeignKeyJoin(names, customer, func(order, name string, ok bool) string { return fmt.Sprint(order, " ", name, " ", ok) }, topology.As("fk")).
				To(topology.NewTopic[string, string](out))
			a := start(t, topology.Must(b.Build()), cfg)

			seed := rand.Uint64()
			rng := rand.New(rand.NewPCG(seed, 0))
			rows, people := map[string]string{}, map[string]string{}
			put := func(topic string, rows map[string]string, key, value string) {
				r := brokertest.Record{Key: []byte(key)}
				if delete(rows, key); value != "" {
					rows[key], r.Value = value, []byte(value)
				}
				brokertest.Produce(t, cfg.Bootstrap, topic, r)
			}
			for i := range 150 {
				n := fmt.Sprint(i)
				if i%3 == 0 {
					put(customers, people, fmt.Sprint("c", rng.IntN(4)), []string{"", "Ann " + n, "Bob " + n}[rng.IntN(3)])
				} else {
					put(orders, rows, fmt.Sprint("o", rng.IntN(10)), []string{"", "nobody's " + n, fmt.Sprintf("c%d:%d", rng.IntN(4), i)}[rng.IntN(3)])
				}
			}
			want := map[string]string{}
			for k, order := range rows {
				name, ok := people[string(customer(order))]
				want[k] = fmt.Sprint(order, " ", name, " ", ok)
			}
			var diff string
			for deadline := time.Now().Add(longest); time.Now().Before(deadline); {
				got := map[string]string{}
				for _, r := range brokertest.All(t, cfg.Bootstrap, out) {
					if delete(got, string(r.Key)); r.Value != nil {
						got[string(r.Key)] = string(r.Value)
					}
				}
				if diff = cmp.Diff(want, got); diff == "" {
					break
				}
			}
			if diff != "" {
				t.Errorf("seed %d: %s", seed, diff)
			}
			if err := a.shutdown(); err != nil {
				t.Error(err)
			}
		})
	}
}
