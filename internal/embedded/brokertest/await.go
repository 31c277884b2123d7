package brokertest

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// AwaitEnd waits until a topic's partitions are so long together: committed records, and the markers of their transactions.
// It is for a test that acts in the middle of work; one that wants the records uses [Consume].
func AwaitEnd(t testing.TB, bootstrap, topic string, n int64, timeout time.Duration) {
	t.Helper()
	c := client(t, bootstrap)
	defer c.Close()
	admin := kadm.NewClient(c)
	sum := int64(0)
	for deadline := time.Now().Add(timeout); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		ends, err := admin.ListCommittedOffsets(t.Context(), topic)
		if err == nil {
			err = ends.Error()
		}
		if err != nil {
			t.Fatalf("brokertest: end of topic %s on %s: %v", topic, bootstrap, err)
		}
		sum = 0
		ends.Each(func(o kadm.ListedOffset) { sum += o.Offset })
		if sum >= n {
			return
		}
	}
	t.Fatalf("brokertest: topic %s is %d long after %v, not %d", topic, sum, timeout, n)
}
