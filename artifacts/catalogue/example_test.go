package catalogue_test

import (
	"fmt"
	"log"

	"github.com/artifactdump/artifactdump/artifacts/catalogue"
)

func ExampleSelect() {
	list, err := catalogue.Select([]string{"prefetch", "bam"})
	if err != nil {
		log.Fatal(err)
	}
	for _, a := range list {
		fmt.Println(a.Name, a.Group, a.Proves)
	}
	_, err = catalogue.Select([]string{"prefetchs"})
	fmt.Println(err != nil)
	// Output:
	// prefetch Execution executed
	// bam Execution executed
	// true
}
