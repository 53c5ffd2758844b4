// A synchronous webhook that answers a form with its fields as JSON.
package main

import "github.com/tenterhook/tenterhook/guest-sdk/go"

// OnForm answers with the form's fields; a name that is there more than once has its values in a list.
func OnForm(event *tenterhook.Event) (*tenterhook.Response, error) {
	body := event.Data().Body()
	if body.Form().IsNull() {
		return tenterhook.Text("send a URL-encoded form\n").WithStatus(415), nil
	}
	var pairs [][2]string
	if err := body.FormAll().Decode(&pairs); err != nil {
		return nil, err
	}
	fields := map[string]any{}
	for _, pair := range pairs {
		name, value := pair[0], pair[1]
		switch before := fields[name].(type) {
		case nil:
			fields[name] = value
		case string:
			fields[name] = []string{before, value}
		case []string:
			fields[name] = append(before, value)
		}
	}
	return tenterhook.JSON(fields), nil
}

func main() {}
