select contact from customer
