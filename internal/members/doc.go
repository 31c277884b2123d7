// Package members lets the instances of an application agree on who runs which task.
//
// They meet in a topic with one partition, compacted: the members topic. Each member of the consumer group announces itself
// there ("member/<id>"): where it is, which tasks it still has, how far its copies of others are. One of them leads: it decides
// with package assign, and publishes the assignment ("assignment/<term>/<version>/<id>"), which all read and obey.
//
// Leaders need no lock. Who wants to lead writes an empty record of a higher term first, and reads on until it sees it.
// From there on every reader ignores what a leader of a lower term writes, since all read the same log: so there is nothing
// that the former leader could still decide, and nothing of its decisions that the new one does not know. (Raft calls this a
// term, Kafka an epoch.)
//
// What makes a decision safe is the group's coordinator: it lists the members that are there, an id that has left the list
// never comes back, and it refuses the commits of an id that it does not list. A task is given to the next member once the one
// before is off the list, or says itself that it has let go.
package members
