package main

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/tenterhook/tenterhook/guest-sdk/go"
)

// OnFan sends three requests at once, each of which is answered when all are there; and one that is never answered, which a timer ends.
func OnFan(event *tenterhook.Event) (*tenterhook.Response, error) {
	url := event.Data().Body().JSON().Get("url").String()
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	request, err := http.NewRequestWithContext(ctx, "GET", url+"/silent", nil)
	if err != nil {
		return nil, err
	}
	_, late := http.DefaultTransport.RoundTrip(request)

	var group sync.WaitGroup
	met := make([]int, 3)
	for place := range met {
		group.Add(1)
		go func() {
			defer group.Done()
			response, err := http.Get(url + "/meet")
			if err == nil {
				met[place] = response.StatusCode
				response.Body.Close()
			}
		}()
	}
	group.Wait()
	return tenterhook.JSON(map[string]any{"met": met, "late": late.Error()}), nil
}
