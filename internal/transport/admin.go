package transport

import "context"

// Admin describes, creates and purges topics.
type Admin interface {
	// Topics describes topics; one that does not exist is not in the result.
	Topics(ctx context.Context, names []string) (map[string]Topic, error)
	// Create makes topics; one that exists already is no error.
	Create(ctx context.Context, specs []TopicSpec) error
	// Configs returns the settings of topics, by name.
	Configs(ctx context.Context, names []string) (map[string]map[string]string, error)
	// Starts and Ends are the offsets of partitions' first record, and after their last, committed or not.
	Starts(ctx context.Context, ps []Partition) (map[Partition]int64, error)
	Ends(ctx context.Context, ps []Partition) (map[Partition]int64, error)
	// Purge deletes the records below the positions.
	Purge(ctx context.Context, ps []Position) error
	// Members lists the members of a group; none if there is no such group.
	Members(ctx context.Context, group string) ([]MemberInfo, error)
}

// Topic is a topic as the broker has it.
type Topic struct {
	ID         string // differs once a topic was deleted and made again
	Partitions int32
}

// TopicSpec is a topic to be made.
type TopicSpec struct {
	Name       string
	Partitions int32
	Replicas   int // 0: the broker's default
	Config     map[string]string
}

// MemberInfo is a member of a group as others see it.
type MemberInfo struct {
	ID       string // see Generation
	ClientID string
	Instance string // "": not static
	Host     string
}
