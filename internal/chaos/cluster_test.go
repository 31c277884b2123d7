package chaos

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millrace-go/millrace/internal/embedded/brokertest"
)

// cluster is one of three brokers that scripts/kafka has started.
type cluster struct {
	t         *testing.T
	bootstrap string
	port      string
	mu        sync.Mutex
	undo      map[int]string // what brings a broker back that is away
}

// brokers is the cluster that the tests were given. They disturb each other on it, so they run one after the other.
func brokers(t *testing.T) *cluster {
	t.Helper()
	bootstrap := os.Getenv(brokertest.Env)
	first, _, several := strings.Cut(bootstrap, ",")
	if !several {
		t.Skip("chaos: it takes a cluster of three brokers: make test-chaos")
	}
	c := &cluster{t: t, bootstrap: bootstrap, port: first[strings.LastIndex(first, ":")+1:], undo: map[int]string{}}
	t.Cleanup(func() { // also where the test ended in the middle
		for n, action := range c.undo {
			c.node(action, n)
		}
	})
	return c
}

// node does something to a broker: stop, kill, start, pause or resume.
func (c *cluster) node(action string, n int) {
	out, err := exec.Command("../../scripts/kafka", "node", action, fmt.Sprint(n), "--port", c.port).CombinedOutput()
	if err != nil {
		c.t.Errorf("%s broker %d: %v: %s", action, n, err, out)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch action {
	case "stop", "kill":
		c.undo[n] = "start"
	case "pause":
		c.undo[n] = "resume"
	default:
		delete(c.undo, n)
	}
}

// coordinator is the broker that the members of a group talk to; 0 if it is not known.
func (c *cluster) coordinator(group string) int {
	all := brokertest.Admin(c.t, c.bootstrap).FindGroupCoordinators(c.t.Context(), group)
	found, known := all[group]
	if !known || found.Err != nil {
		c.t.Logf("the coordinator of %s is not known: %v", group, found.Err)
		return 0
	}
	return int(found.NodeID)
}

// disturb does a step to a broker, and undoes it.
func (c *cluster) disturb(s step, group string) {
	down, up := "stop", "start"
	switch s.what {
	case nodeKill:
		down = "kill"
	case nodePause:
		down, up = "pause", "resume"
	case coordinator:
		if s.who = c.coordinator(group); s.who == 0 {
			return
		}
	default: // nodeStop
	}
	c.node(down, s.who)
	time.Sleep(s.until - s.at)
	c.node(up, s.who)
}
