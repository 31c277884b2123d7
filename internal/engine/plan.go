package engine

import (
	"fmt"

	"github.com/millrace-go/millrace/internal/graph"
)

// TaskID names a task: a sub-topology and a partition.
type TaskID struct {
	Sub       int
	Partition int32
}

func (id TaskID) String() string { return fmt.Sprintf("%d_%d", id.Sub, id.Partition) }

// Plan is a topology against the topics there are: its sub-topologies, tasks and partition counts.
type Plan struct {
	Graph  *graph.Graph
	Subs   []*graph.Subtopology
	Counts map[*graph.Topic]int32
}

// NewPlan works out the plan; user tells the partitions of the topics that the user made. It fails where topics that are
// joined have different counts.
func NewPlan(g *graph.Graph, user func(topic string) (int32, error)) (*Plan, error) {
	counts, err := g.Counts(user)
	if err != nil {
		return nil, err
	}
	return &Plan{Graph: g, Subs: g.Subtopologies(), Counts: counts}, nil
}

// Tasks lists all tasks, by sub-topology, then partition.
func (p *Plan) Tasks() []TaskID {
	var ids []TaskID
	for _, s := range p.Subs {
		for i := range s.Tasks(p.Counts) {
			ids = append(ids, TaskID{s.ID, i})
		}
	}
	return ids
}

// Sources are the topics of which the task reads its partition.
func (p *Plan) Sources(id TaskID) []*graph.Topic {
	var ts []*graph.Topic
	for _, t := range p.Subs[id.Sub].Sources() {
		if id.Partition < p.Counts[t] {
			ts = append(ts, t)
		}
	}
	return ts
}

// Config fills in what the plan knows of a task.
func (p *Plan) Config(id TaskID, c Config) Config {
	s := p.Subs[id.Sub]
	c.Nodes, c.Stores, c.Partition, c.Counts = s.Nodes, s.Stores, id.Partition, p.Counts
	return c
}
