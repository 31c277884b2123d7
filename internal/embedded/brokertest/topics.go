package brokertest

import (
	"context"
	"testing"
	"time"
)

// patience is how long a broker may take for one call: a real one that has just started is slow.
const patience = 30 * time.Second

// Topic is one to create.
type Topic struct {
	Name       string
	Partitions int32             // 0 is one
	Config     map[string]string // such as cleanup.policy
}

// Topics creates topics that keep their records for ever unless told otherwise (tests' times are long ago, and a broker would
// delete them half a minute after its start), waits until the broker knows them, and deletes them when the test ends.
func Topics(t testing.TB, bootstrap string, topics ...Topic) {
	t.Helper()
	admin := Admin(t, bootstrap)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, topic := range topics {
		forever := "-1"
		configs := map[string]*string{"retention.ms": &forever}
		for k, v := range topic.Config {
			configs[k] = &v
		}
		if _, err := admin.CreateTopic(ctx, max(topic.Partitions, 1), -1, configs, topic.Name); err != nil {
			t.Fatalf("brokertest: create topic %s on %s: %v", topic.Name, bootstrap, err)
		}
		DeleteTopics(t, bootstrap, topic.Name)
	}
	for _, topic := range topics {
		for known := false; !known; {
			found, err := admin.ListTopics(ctx, topic.Name)
			if err != nil {
				t.Fatalf("brokertest: topic %s was created on %s and does not appear: %v", topic.Name, bootstrap, err)
			}
			known = found.Has(topic.Name)
		}
	}
}

// DeleteTopics deletes topics when the test ends, those that the code under test has made by then. It does not mind if
// some are absent.
func DeleteTopics(t testing.TB, bootstrap string, names ...string) {
	t.Helper()
	admin := Admin(t, bootstrap)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
		defer cancel()
		if _, err := admin.DeleteTopics(ctx, names...); err != nil {
			t.Logf("brokertest: delete topics %q on %s: %v", names, bootstrap, err)
		}
	})
}
