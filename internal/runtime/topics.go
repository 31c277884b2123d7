package runtime

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/transport"
)

// topics knows the broker's topics.
type topics struct {
	app    string
	client transport.Client
	ids    map[string]string          // topic -> its id, of changelogs and global tables
	read   map[string]transport.Topic // by name, all that the application reads, as they were when it started

	mu    sync.Mutex
	found map[string]int32 // partitions by name, of topics chosen per record
	until map[string]time.Time
}

func newTopics(app string, client transport.Client) *topics {
	return &topics{app: app, client: client, ids: map[string]string{}, read: map[string]transport.Topic{}, found: map[string]int32{}, until: map[string]time.Time{}}
}

// plan works out the topology's plan against the topics that the user made, and reports all that are missing.
func (t *topics) plan(ctx context.Context, g *graph.Graph, deadLetters string) (*engine.Plan, error) {
	var names []string
	if deadLetters != "" {
		names = append(names, deadLetters)
	}
	for _, tp := range g.Topics {
		if tp.Role == graph.UserTopic && !tp.Dynamic {
			names = append(names, tp.Name)
		}
	}
	have, err := t.await(ctx, names)
	if err != nil {
		return nil, err
	}
	var missing []error
	if _, ok := have[deadLetters]; !ok && deadLetters != "" {
		missing = append(missing, fmt.Errorf("runtime: topic %q, which is for dead letters, does not exist: create it with a retention that gives people time to look", deadLetters))
	}
	for _, tp := range g.Topics {
		if _, ok := have[tp.Name]; !ok && tp.Role == graph.UserTopic && !tp.Dynamic {
			missing = append(missing, fmt.Errorf("runtime: topic %q, which %s %s, does not exist: create it with the partitions and the retention that it needs",
				tp.Name, user(tp), where(tp)))
		}
	}
	if err := errors.Join(missing...); err != nil {
		return nil, err
	}
	for _, tp := range g.Topics {
		if tp.Role == graph.UserTopic && tp.ReadAt() != "" {
			t.read[tp.Name] = have[tp.Name]
		}
	}
	for _, x := range g.Globals {
		t.ids[x.Topic.Name] = have[x.Topic.Name].ID
	}
	return engine.NewPlan(g, func(name string) (int32, error) { return have[name].Partitions, nil })
}

// await describes topics, for a moment again while some are missing: a broker hears of a topic later than who made it.
func (t *topics) await(ctx context.Context, names []string) (map[string]transport.Topic, error) {
	for deadline := time.Now().Add(topicPatience); ; {
		have, err := t.client.Topics(ctx, names)
		if err != nil || len(have) >= len(names) || time.Now().After(deadline) {
			return have, err
		}
		if err := sleep(ctx, 50*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

func user(t *graph.Topic) string {
	if t.ReadAt() != "" {
		return "is read at"
	}
	return "is written at"
}

func where(t *graph.Topic) string {
	if at := t.ReadAt(); at != "" {
		return at
	}
	for _, n := range t.Writers {
		return n.At
	}
	return "no place"
}

// prepare makes the internal topics that are missing and checks those that are there.
func (t *topics) prepare(ctx context.Context, p *engine.Plan, replicas int) error {
	specs := map[string]transport.TopicSpec{}
	var names []string
	for _, tp := range p.Graph.Topics {
		if tp.Role == graph.UserTopic {
			continue
		}
		name := tp.FullName(t.app)
		specs[name] = transport.TopicSpec{Name: name, Partitions: p.Counts[tp], Replicas: replicas, Config: map[string]string{
			"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1", "message.timestamp.type": "CreateTime",
		}}
		names = append(names, name)
	}
	for _, s := range p.Graph.Stores {
		if !s.NoLog {
			specs[s.Changelog.FullName(t.app)] = t.changelog(s, p, replicas)
		}
	}
	have, err := t.make(ctx, names, specs)
	if err != nil {
		return err
	}
	return t.check(ctx, names, specs, have)
}

func (t *topics) changelog(s *graph.Store, p *engine.Plan, replicas int) transport.TopicSpec {
	c := map[string]string{"cleanup.policy": "compact", "message.timestamp.type": "CreateTime"}
	if s.Retention > 0 && !s.Versioned {
		c["cleanup.policy"] = "compact,delete"
		c["retention.ms"] = strconv.FormatInt(s.ChangelogRetention().Milliseconds(), 10)
	}
	return transport.TopicSpec{Name: s.Changelog.FullName(t.app), Partitions: p.Counts[s.Changelog], Replicas: replicas, Config: c}
}

// make creates what is missing and waits until the cluster knows it.
func (t *topics) make(ctx context.Context, names []string, specs map[string]transport.TopicSpec) (map[string]transport.Topic, error) {
	for try := 0; ; try++ {
		have, err := t.client.Topics(ctx, names)
		if err != nil {
			return nil, err
		}
		var missing []transport.TopicSpec
		for _, n := range names {
			if _, ok := have[n]; !ok {
				missing = append(missing, specs[n])
			}
		}
		if len(missing) == 0 {
			return have, nil
		}
		if try == 0 {
			if err := t.client.Create(ctx, missing); err != nil {
				return nil, fmt.Errorf("%w: create the application's internal topics yourself, or let its user create topics", err)
			}
			continue
		}
		if try > 300 {
			return nil, fmt.Errorf("runtime: topic %q was created and does not appear: look at the broker's log", missing[0].Name)
		}
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// check compares the internal topics with what they must be.
func (t *topics) check(ctx context.Context, names []string, specs map[string]transport.TopicSpec, have map[string]transport.Topic) error {
	configs, err := t.client.Configs(ctx, names)
	if err != nil {
		return err
	}
	var bad []error
	for _, n := range names {
		t.ids[n], t.read[n] = have[n].ID, have[n]
		if got, want := have[n].Partitions, specs[n].Partitions; got != want {
			bad = append(bad, fmt.Errorf("runtime: internal topic %q has %d partitions and the topology needs %d: "+
				"the partitions of a source have changed, or the topology has; reset the application (delete its internal topics, offsets and state "+
				"directory) or choose another ApplicationID", n, got, want))
		}
		compacted := strings.Contains(configs[n]["cleanup.policy"], "compact")
		if want := strings.Contains(specs[n].Config["cleanup.policy"], "compact"); configs[n]["cleanup.policy"] != "" && compacted != want {
			bad = append(bad, fmt.Errorf("runtime: internal topic %q has cleanup.policy=%s, which would lose records: set it to %s",
				n, configs[n]["cleanup.policy"], specs[n].Config["cleanup.policy"]))
		}
	}
	return errors.Join(bad...)
}

// count tells the partitions of a topic that a record was sent to by name. It is asked once per topic, and again after a
// while where the topic did not exist.
func (t *topics) count(ctx context.Context, name string) (int32, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.found[name]
	if n == 0 && time.Now().After(t.until[name]) {
		have, err := t.client.Topics(ctx, []string{name})
		if err != nil {
			return 0, err
		}
		n = have[name].Partitions
		t.found[name], t.until[name] = n, time.Now().Add(time.Second)
	}
	if n == 0 {
		return 0, fmt.Errorf("runtime: topic %q: %w", name, graph.ErrUnknownTopic)
	}
	return n, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
