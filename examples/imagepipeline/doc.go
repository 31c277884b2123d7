// Command imagepipeline runs the whole pipeline on plates of images: an uploader
// publishes an event for each image, the topology measures them and gathers them
// to sites, wells and plates, a worker in a process of its own extracts the
// sites' features, and in the end there are heat maps.
//
//	go run ./examples/imagepipeline
//	go run ./examples/imagepipeline -images /data/screen-7 -bootstrap kafka:9092
//
// Without -images it makes two plates of two experiments, and makes it hard: the
// events are shuffled, some come twice, one image of each plate comes only when
// its site has been reported incomplete, and the metadata comes late. Without
// -bootstrap (or MILLRACE_BOOTSTRAP) it starts a broker inside the process.
//
// Its exit status is 0 if all plates are complete, and 1 if not.
package main
