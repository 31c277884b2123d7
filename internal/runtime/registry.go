package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/transport"
)

// registry gives each task a number, its slot. It only grows: a sub-topology that is added must not shift the tasks of the
// others, whose stores other instances may hold.
//
// It lies in the tasks topic, compacted: "task/<name>" -> {"slot": n}, "shape" -> what the application looked like when its last
// instance started, and "changelog/<name>" -> {"id": the topic's}. The topic has one partition. The group is subscribed to it, and who gets it leads.
type registry struct {
	topic string
	slots map[string]int32 // by task name
	shape *shape
	logs  map[string]string // the changelogs' ids, by name
}

const (
	taskKey  = "task/"
	shapeKey = "shape"
	logKey   = "changelog/"
)

type slotRecord struct {
	Slot int32 `json:"slot"`
}

// taskName names a task by what it reads, so that the name lasts.
func taskName(p *engine.Plan, id engine.TaskID) string {
	return fmt.Sprintf("%s/%d", p.Subs[id.Sub].Key(), id.Partition)
}

// tasksTopic is the topic that the group is subscribed to.
func tasksTopic(app string) string { return app + TasksSuffix }

// TasksSuffix ends the name of the topic by which an application is known.
const TasksSuffix = "-tasks"

// register makes sure that every task of the plan is in the registry. Instances that start at once fence each other with a
// transactional id: what one writes, the next one reads. ids are those of the changelogs, among others: one that was made anew
// is an error, for what it held is lost.
func register(ctx context.Context, cfg *Config, plan *engine.Plan, ids map[string]string) (*registry, error) {
	r := &registry{topic: tasksTopic(cfg.App)}
	if err := r.make(ctx, cfg); err != nil {
		return nil, err
	}
	want, logs := shapeOf(plan), logsOf(cfg.App, plan, ids)
	for try := 0; ; try++ {
		if err := r.read(ctx, cfg); err != nil {
			return nil, err
		}
		if err := r.remade(logs); err != nil {
			return nil, err
		}
		if len(r.missing(plan)) == 0 && r.shape != nil && r.shape.differs(want) == "" && r.knows(logs) {
			return r, nil
		}
		err := r.write(ctx, cfg, plan, want, logs)
		if err == nil {
			return r, nil
		}
		if !errors.Is(err, transport.ErrProducer) && !errors.Is(err, transport.ErrAbort) || try > 20 {
			return nil, fmt.Errorf("runtime: write the task registry: %w", err)
		}
		if err := sleep(ctx, time.Duration(try+1)*100*time.Millisecond); err != nil { // another instance writes it
			return nil, err
		}
	}
}

// missing lists the tasks that have no slot yet.
func (r *registry) missing(plan *engine.Plan) []string {
	var names []string
	for _, id := range plan.Tasks() {
		if name := taskName(plan, id); !r.has(name) {
			names = append(names, name)
		}
	}
	return names
}

func (r *registry) has(name string) bool {
	_, ok := r.slots[name]
	return ok
}

// read reads the registry to its end.
func (r *registry) read(ctx context.Context, cfg *Config) error {
	r.slots, r.shape, r.logs = map[string]int32{}, nil, map[string]string{}
	p := transport.Partition{Topic: r.topic}
	ends, err := cfg.Client.Ends(ctx, []transport.Partition{p})
	if err != nil || ends[p] == 0 {
		return err
	}
	f, err := cfg.Client.NewFetcher(transport.FetcherConfig{Name: "registry", Group: cfg.App, Buffer: 1 << 20})
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Assign([]transport.Position{{Partition: p, Offset: transport.None}}); err != nil {
		return err
	}
	for deadline := time.Now().Add(30 * time.Second); ; {
		batches, err := f.Poll(100 * time.Millisecond)
		if err != nil {
			return err
		}
		for _, b := range batches {
			for i := range b.Records {
				if err := r.apply(&b.Records[i]); err != nil {
					return err
				}
			}
			if b.End && b.Next >= ends[p] {
				return nil
			}
		}
		if ctx.Err() != nil { // stopped, which is no error
			return context.Cause(ctx)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("runtime: topic %s, partition 0, was not read to its end (offset %d) in time: look at the broker's log", r.topic, ends[p])
		}
	}
}

func (r *registry) apply(rec *graph.Raw) error {
	key := string(rec.Key)
	name, isTask := strings.CutPrefix(key, taskKey)
	changelog, isLog := strings.CutPrefix(key, logKey)
	var err error
	switch {
	case rec.Value == nil:
		delete(r.slots, name)
	case isTask:
		var s slotRecord
		err = json.Unmarshal(rec.Value, &s)
		r.slots[name] = s.Slot
	case isLog:
		var l logRecord
		err = json.Unmarshal(rec.Value, &l)
		r.logs[changelog] = l.ID
	case key == shapeKey:
		r.shape = &shape{}
		err = json.Unmarshal(rec.Value, r.shape)
	}
	if err != nil {
		return fmt.Errorf("runtime: topic %s, partition 0, offset %d: the task registry does not decode: "+
			"something else wrote to it; choose another ApplicationID: %w", r.topic, rec.Offset, err)
	}
	return nil
}

// write adds what is missing, unless another instance fences this one off.
func (r *registry) write(ctx context.Context, cfg *Config, plan *engine.Plan, want shape, logs map[string]string) error {
	p, err := cfg.Client.NewProducer(transport.ProducerConfig{ID: cfg.App + "-registry", Timeout: cfg.Transaction})
	if err != nil {
		return err
	}
	defer p.Close()
	if err := p.Init(ctx); err != nil {
		return err
	}
	if err := r.read(ctx, cfg); err != nil { // what the one before wrote
		return err
	}
	next := int32(0)
	for _, n := range r.slots {
		next = max(next, n+1)
	}
	if err := p.Begin(); err != nil {
		return err
	}
	log := &graph.Topic{Name: r.topic}
	send := func(key string, value any) error {
		b, err := json.Marshal(value)
		if err != nil {
			return err
		}
		return p.Produce(ctx, r.topic, &graph.Effect{Topic: log, Key: []byte(key), Value: b, Timestamp: time.Now().UnixMilli()})
	}
	for _, name := range r.missing(plan) {
		if err := send(taskKey+name, slotRecord{next}); err != nil {
			return err
		}
		r.slots[name] = next
		next++
	}
	for _, name := range slices.Sorted(maps.Keys(logs)) {
		if r.logs[name] != logs[name] {
			if err := send(logKey+name, logRecord{logs[name]}); err != nil {
				return err
			}
		}
	}
	if err := send(shapeKey, want); err != nil {
		return err
	}
	r.shape, r.logs = &want, logs
	return p.Commit(ctx, nil, nil)
}

// make makes the tasks topic.
func (r *registry) make(ctx context.Context, cfg *Config) error {
	_, err := newTopics(cfg.App, cfg.Client).make(ctx, []string{r.topic}, map[string]transport.TopicSpec{r.topic: {
		Name: r.topic, Partitions: 1, Replicas: cfg.Replicas, Config: map[string]string{"cleanup.policy": "compact"},
	}})
	return err
}
