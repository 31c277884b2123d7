package assign

import (
	"maps"
	"slices"
)

// Member is a member of the group that has announced itself.
type Member struct {
	ID       string          // ID is the coordinator's member id, which never comes back once it is gone.
	Instance string          // Instance is the instance id, which lasts over restarts.
	Acked    uint64          // Acked is the latest Assignment.Version that the member obeys: it commits nothing for tasks that version does not grant it.
	Held     []int32         // Held are the slots of the tasks it still has: a worker may still commit for them.
	Lag      map[int32]int64 // Lag has the tasks of which it has state without running them (standby, warm-up): records behind.
	Leaving  bool            // Leaving says that it stops and wants to give up its tasks.
}

// Task is one that the group has to run.
type Task struct {
	Slot     int32 // Slot is the task's number in the registry, which never changes.
	Sub      int   // Sub is its sub-topology: tasks of one are alike, and are spread evenly.
	Stateful bool  // Stateful says that it has stores, which whoever runs it must have restored.
	Size     int64 // Size is the number of records in its changelogs: what one without state must read.
}

// Grant says who runs a task.
type Grant struct {
	Member   string `json:"member,omitempty"`   // Member is the id of the member that runs the task, or "" while nobody does.
	Instance string `json:"instance,omitempty"` // Instance is that of Member or, while nobody runs the task, of the last one that did.
	From     string `json:"from,omitempty"`     // From, if not "", is the id of the member that must first let go of the task.
	Since    uint64 `json:"since,omitempty"`    // Since is the version that took the task from From.
	// To is the id of the member at which a task on its way is aimed: a hint to the next plan, which may aim it at another.
	To string `json:"to,omitempty"`
}

// Assignment is what a leader publishes.
type Assignment struct {
	Version  uint64             // Version grows by one with each assignment.
	Grants   map[int32]Grant    // Grants has every task, by slot.
	Standbys map[int32][]string // Standbys has, by slot, the instances that keep a copy of a task's state, in order, those that warm up to take it over last.
}

// AcceptableLag is how many records behind a copy may be and still take over at once, unless Config says otherwise. (Kafka
// Streams: acceptable.recovery.lag.)
const AcceptableLag = 10_000

// Config says how much is spent on copies.
type Config struct {
	Standbys      int   // Standbys is the number of copies of each stateful task, beside the running one.
	MaxWarmups    int   // MaxWarmups is the number of tasks that may warm up elsewhere at one time; 0 means 2.
	AcceptableLag int64 // AcceptableLag is how many records behind a copy may be and still count as caught up; 0 means 10,000.
}

func (c Config) withDefaults() Config {
	if c.MaxWarmups <= 0 {
		c.MaxWarmups = 2
	}
	if c.AcceptableLag <= 0 {
		c.AcceptableLag = AcceptableLag
	}
	return c
}

// Group is what the leader knows of the group now.
type Group struct {
	Tasks   []Task            // Tasks are all there are, each slot once.
	Members []Member          // Members are those that have announced themselves, each id once.
	Present map[string]string // Present has everybody in the group, announced or not: the instance by member id.
}

// same says whether two assignments tell the members the same: version and aims are not for them.
func same(a, b Assignment) bool {
	granted := func(a, b Grant) bool {
		a.To, b.To = "", ""
		return a == b
	}
	return maps.EqualFunc(a.Grants, b.Grants, granted) && maps.EqualFunc(a.Standbys, b.Standbys, slices.Equal)
}
