// Package rt is the domain: routes, nexthop objects and their buckets, links
// and addresses as rtnetlink has them, with the attribute tables that say all
// that is known of each attribute once.
//
// A value is decoded from a message's body (DecodeRoute …) and appended to
// one (Route.Append …); the requests that the commands send are built from
// the same rows with Put, in the order of the user's words. Numbers are those
// of include/uapi/linux/{rtnetlink,nexthop,lwtunnel,if_link,if_addr}.h.
package rt
