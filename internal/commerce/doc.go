// Package commerce knows the brand's shops: carts, orders, products, and the money that came back.
//
// A cart is an object keyed by the shop's token. It is active while the customer moves, abandoned when they have been
// quiet for the workspace's cart delay, recovering once the one reminder went out, and then recovered, or expired; bought
// when the order came without us, emptied when nothing is left in it.
//
// Invariants: a webhook is stored as it came before it is answered, and used once (I1, I2); a forged one leaves no trace
// (I4); one that cannot be used is kept with its reason and does not disturb the others (I6); what was missed is fetched
// again (I7); the newer of two updates wins whatever their order (I8); a cart whose order arrived is never reminded.
//
// Signals in: cart.quiet, cart.expire (timers), event.happened, message.sent_for_subject. Events out: checkout_started,
// cart_abandoned, cart_emptied, cart_recovered, order_placed, order_cancelled. Jobs: commerce.reconcile. Tables: shop,
// shop_webhook, cart, shop_order, recovery, product.
package commerce
